"""Only public http(s) hosts are asked, however an address is written and wherever a name leads."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys

import pytest

from nonverbal.collect.addresses import Hosts, host_of, is_public, without_secrets
from nonverbal.collect.sandbox import belted
from nonverbal.verdicts import Reason, RejectedError

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::"),
    *("64:ff9b::7f00:1", "192.0.2.1", "240.0.0.1", "::ffff:10.0.0.1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(RejectedError) as caught:
        Hosts().check_url(f"http://{host}/x.mp4")
    assert caught.value.reject.reason is Reason.E_ADDRESS


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://a.org/x", "data:text/html,x", "rtmp://a.org/x", "//a.org/x", "http:///x", "x"),
        *("http://localhost/", "http://LOCALHOST./", "http://a.localhost/", "http://printer.local/", "http://[::1"),
        *(
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://[fe80::1%25eth0]/",
        ),
        "http://user:secret@127.0.0.1/",
    ],
)
def test_refused_spellings(url: str) -> None:
    with pytest.raises(RejectedError) as caught:
        Hosts().check_url(url)
    assert caught.value.reject.reason is Reason.E_ADDRESS
    assert "secret" not in caught.value.reject.message


def test_a_name_is_refused_for_where_it_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with one public and one private address is refused as a whole: which one is used is not ours to choose."""

    def answers(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    Hosts().check_url("http://rebinding.example/")
    with pytest.raises(RejectedError, match=r"10\.0\.0\.1"):
        Hosts().resolve("rebinding.example", 80)
    assert len(Hosts(allow_private=True).resolve("rebinding.example", 80)) == 2


def test_a_proxy_is_granted_and_nothing_else() -> None:
    hosts = Hosts()
    hosts.grant("http://127.0.0.9:3128")
    hosts.check_address("127.0.0.9")
    with pytest.raises(RejectedError):
        hosts.check_address("127.0.0.8")
    with pytest.raises(RejectedError):
        hosts.check_url("http://127.0.0.9:3128/")


def test_secrets_leave_addresses() -> None:
    assert without_secrets("https://me:secret@a.org:8080/x?y=1#z") == "https://a.org:8080/x?y=1"
    assert "secret" not in without_secrets("https://me:secret@[::1/x")
    assert "\x1b" not in without_secrets("https://a.org/\x1b[31m")
    assert host_of("https://me:secret@A.org/x") == "a.org"


def test_the_belt_holds_programs_and_connections() -> None:
    with belted(Hosts()):
        with pytest.raises(RejectedError) as caught:
            subprocess.run([sys.executable, "-c", ""], check=False)
        assert caught.value.reject.reason is Reason.E_UNSUPPORTED
        with socket.socket() as line, pytest.raises(RejectedError):
            line.connect(("127.0.0.1", 9))
        with socket.socket(socket.AF_UNIX) as line, pytest.raises(RejectedError):
            line.connect("/nowhere")
    assert subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0


def test_the_belt_lets_a_named_program_pass() -> None:
    from pathlib import Path

    with belted(Hosts(), frozenset({str(Path(sys.executable).resolve())})):
        assert subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0
        with pytest.raises(RejectedError):
            subprocess.run(["/bin/true"], check=False)
