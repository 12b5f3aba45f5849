"""Messages of yt-dlp and of the sites behind it, and the verdicts that they get."""

from __future__ import annotations

from pathlib import Path

import pytest
import yt_dlp
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, IncompleteRead, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError, UserNotLive

from nonverbal.collect.classify import reason_of, verdict_of
from nonverbal.collect.manners import EnoughError
from nonverbal.verdicts import Reason, RejectedError

OF_SITES = [  # what YouTube and others answer; yt-dlp passes it on
    ("[youtube] x: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies for the authentication",
     "E_BOT_CHECK"),
    ("[youtube] x: This video may be fine. YouTube is requiring a captcha challenge before playback", "E_BOT_CHECK"),
    ("[youtube] x: Private video. Sign in if you've been granted access to this video", "E_PRIVATE"),
    ("[youtube] x: Sign in to confirm your age. This video may be inappropriate for some users.", "E_AGE"),
    ("[youtube] x: Video unavailable", "E_REMOVED"),
    ("[youtube] x: Video unavailable. This video is no longer available because the YouTube account associated with "
     "this video has been terminated.", "E_REMOVED"),
    ("[youtube] x: This video has been removed by the uploader", "E_REMOVED"),
    ("[youtube] x: This video has been removed for violating YouTube's policy on hate speech.", "E_REMOVED"),
    ("[youtube] x: Video unavailable. This video contains content from Sony, who has blocked it in your country on "
     "copyright grounds", "E_REGION"),
    ("[youtube] x: The uploader has not made this video available in your country", "E_REGION"),
    ("[youtube] x: Join this channel to get access to members-only content like this video.", "E_MEMBERS"),
    ("[youtube] x: This video is available to this channel's members on level: Gold (or any higher level). Join this "
     "channel to get access to members-only content", "E_MEMBERS"),
    ("[youtube] x: This video requires payment to watch", "E_MEMBERS"),
    ("[youtube] x: This live event will begin in 3 hours.", "E_LIVE"),
    ("[youtube] x: Premieres in 2 days", "E_LIVE"),
    ("[youtube] x: This live stream recording is not available.", "E_LIVE"),
    ("[youtube:tab] @x: This channel does not exist.", "E_REMOVED"),
    ("[youtube:tab] UCx: This account has been terminated for a violation of YouTube's Terms of Service.", "E_REMOVED"),
    ("[youtube] x: This content isn't available, try again later. The current session has been rate-limited by YouTube "
     "for up to an hour.", "E_RATE_LIMIT"),
]  # fmt: skip
OF_YT_DLP = [  # literal in the package's source, looked up below
    ("This video is DRM protected", "E_DRM"),
    ("This video is not available from your location due to geo restriction", "E_REGION"),
    ("This video is only available for registered users", "E_PRIVATE"),
    ("No video formats found!", "E_NO_FORMAT"),
    ("The channel is not currently live", "E_LIVE"),
    ("This video is for premium members only", "E_MEMBERS"),
    ("This video is only available for subscribers", "E_MEMBERS"),
    ("This video requires a subscription", "E_MEMBERS"),
    ("This post requires a subscription", "E_MEMBERS"),
    ("You need to log in to access this content", "E_PRIVATE"),
    ("Login is required to access age-restricted content", "E_AGE"),
    ("Adult verification is required for this stream", "E_AGE"),
    ("This video is protected by a password, use the --video-password option", "E_PRIVATE"),
    ("The video is no longer available", "E_REMOVED"),
    ("This video does not exist", "E_REMOVED"),
    ("You have exceeded the rate limit. Try again later", "E_RATE_LIMIT"),
    ("You are rate-limited. Try again later.", "E_RATE_LIMIT"),
    ("This song is blocked in this region", "E_REGION"),
    ("Track unavailable in your country due to licensing restrictions", "E_REGION"),
    ("Stream is offline", "E_LIVE"),
    ("This video is either unavailable in your region or is DRM protected", "E_DRM"),
    ("Requested format is not available", "E_NO_FORMAT"),
]


@pytest.mark.parametrize(("text", "reason"), OF_SITES + OF_YT_DLP)
def test_messages(text: str, reason: str) -> None:
    assert reason_of(text) == Reason(reason)
    found = verdict_of(DownloadError(f"\x1b[0;31mERROR:\x1b[0m {text}"), "https://a.org/x")
    assert found.reason == Reason(reason)
    assert "https://a.org/x" in found.message
    assert "\x1b" not in found.message
    assert "--cookies-from-browser" not in found.message


def test_the_messages_are_those_of_the_package() -> None:
    files = Path(yt_dlp.__file__).parent
    texts = "\n".join(
        p.read_text("utf-8") for p in [*files.glob("extractor/**/*.py"), *files.glob("*.py"), *files.glob("utils/*.py")]
    )
    assert [text for text, _ in OF_YT_DLP if text not in texts] == []


def http_error(status: int) -> HTTPError:
    import io

    return HTTPError(Response(io.BytesIO(b""), "https://a.org/x", {}, status=status))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "E_PRIVATE"),
        (402, "E_MEMBERS"),
        (403, "E_FORBIDDEN"),
        (404, "E_REMOVED"),
        (410, "E_REMOVED"),
        (429, "E_RATE_LIMIT"),
        (451, "E_REGION"),
        (500, "E_FETCH"),
        (503, "E_FETCH"),
        (302, "E_ADDRESS"),
        (418, "E_FETCH"),
    ],
)
def test_statuses(status: int, reason: str) -> None:
    inner = http_error(status)
    outer = ExtractorError(f"Unable to download webpage: {inner}", cause=inner)
    for error in (inner, outer, DownloadError(str(outer), (type(outer), outer, None))):
        assert verdict_of(error, "https://a.org/x").reason == Reason(reason)


def test_a_bot_check_with_a_status_is_a_bot_check() -> None:
    inner = http_error(403)
    text = "Got HTTP Error 403 caused by Cloudflare anti-bot challenge"
    assert verdict_of(ExtractorError(text, cause=inner), "https://a.org/x").reason is Reason.E_BOT_CHECK


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnsupportedError("https://a.org/x"), "E_UNSUPPORTED"),
        (GeoRestrictedError("Sorry"), "E_REGION"),
        (UserNotLive(), "E_LIVE"),
        (TransportError("odd words"), "E_FETCH"),
        (IncompleteRead(1, 2), "E_FETCH"),
        (CertificateVerifyError("odd words"), "E_FETCH"),
        (TimeoutError("timed out"), "E_FETCH"),
        (KeyError("formats"), "E_UNSUPPORTED"),
    ],
)
def test_kinds_of_errors(error: Exception, reason: str) -> None:
    assert verdict_of(error, "https://a.org/x").reason == Reason(reason)


def test_verdicts_and_budgets_come_through_whatever_is_around_them() -> None:
    inner = RejectedError(Reason.E_ADDRESS, "not there")
    wrapped = DownloadError(
        "x", (ExtractorError, ExtractorError("Unable to download", cause=TransportError(cause=inner)), None)
    )
    assert verdict_of(wrapped, "https://a.org/x") == inner.reject
    with pytest.raises(EnoughError):
        verdict_of(ExtractorError("x", cause=TransportError(cause=EnoughError("enough"))), "https://a.org/x")


def test_no_secret_in_a_sentence() -> None:
    error = DownloadError("ERROR: Unable to connect to proxy http://me:secret@proxy:3128/ (caused by ...)")
    assert "secret" not in verdict_of(error, "https://you:secret@a.org/x").message
