"""What an error of yt-dlp or of the network means: one of the stable reasons, with a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nonverbal.collect.addresses import without_secrets
from nonverbal.collect.manners import EnoughError
from nonverbal.media.names import clean_text
from nonverbal.verdicts import Reason, Reject, RejectedError

_MOST_TEXT = 300

_PHRASES: dict[Reason, tuple[str, ...]] = {
    Reason.E_BOT_CHECK: (
        *("not a bot", "captcha", "unusual traffic", "cloudflare anti-bot"),
        r"confirm (?:that )?you.?re (?:a )?human",
    ),
    Reason.E_RATE_LIMIT: ("too many requests", "rate.?limit", "http error 429", "try again later.{0,40}limit"),
    Reason.E_DRM: (r"\bdrm\b",),
    Reason.E_MEMBERS: (
        *("members?[- ]only", "join this channel", "for (?:premium )?members", "music premium"),
        *("premium (?:members|video|content|user)", "requires? payment", "requires? a subscription"),
        *("paid (?:video|content|subscription)", r"\bsubscri(?:ption|bers)\b.{0,60}(?:only|required|need)"),
        *("only available (?:for|to) (?:subscribers|premium|paying)", "(?:rent|purchase|buy) (?:it|this|the) "),
    ),
    Reason.E_AGE: (
        *(
            "confirm your age",
            "verify your age",
            "age[- ]?(?:restrict|limit|verif|gate)",
            "adult (?:content|verification)",
        ),
        *("inappropriate for some users", "mature audience", "not appropriate for.{0,30}audience"),
    ),
    Reason.E_LIVE: (
        *("not (?:currently )?live", "live event (?:will|has)", "premieres? (?:in|will)", "this live", "livestream"),
        *(
            "is offline",
            "live stream recording is not available",
            "is upcoming",
            "not (?:yet )?started",
            "has not aired",
        ),
    ),
    Reason.E_REGION: (
        *("geo.?restrict", "geo.?block", "in your (?:country|region|location)", "restricted in your"),
        "(?:not|n't|only) (?:made .{0,30})?available.{0,40}(?:country|region|location|territory)",
        "blocked (?:it )?in (?:your|this)",
    ),
    Reason.E_PRIVATE: (
        *(r"\bprivate\b", r"log(?:ged)?[ -]?in\b", r"sign(?:ed)? in\b", "registered users", "password", "authenticat"),
        *("not have (?:permission|access)", "login required", "account.{0,30}required", "--cookies"),
    ),
    Reason.E_REMOVED: (
        "(?:video|content|clip|episode|page|media|playlist|channel|account|user).{0,80}"
        "(?:not available|no longer|expired|terminated|does(?: not|n't) exist|not exist|blocked)",
        *(
            "no longer available",
            "removed",
            "unavailable",
            "deleted",
            "http error 4(?:04|10)",
            "not found",
            "suspended",
        ),
        *("no such video", "taken down", "copyright claim"),
    ),
    Reason.E_UNSUPPORTED: (
        *("unsupported url", "is not a valid url", "no suitable extractor", "incomplete (?:youtube|url)"),
        "looks truncated",
    ),
    Reason.E_NO_FORMAT: (
        *("no (?:video )?formats? (?:found|available)", "requested format", "no playable", "only images are available"),
        *("unsupported features", "no (?:media|video|streams?) (?:found|links)"),
    ),
    Reason.E_FORBIDDEN: ("http error 40[13]", "forbidden", "access denied"),
    Reason.E_FETCH: (
        *("timed? ?out", "connection", "http error", "resolve", "network", "ssl", "certificate", "unable to download"),
        *("redirect", "transport", "incomplete", "reset by peer", "unreachable", "proxy"),
    ),
}
"""In this order: what is more special comes first, as sites say that a video is unavailable because it is private."""

_COMPILED = {reason: re.compile("|".join(phrases), re.IGNORECASE) for reason, phrases in _PHRASES.items()}

_ADVICE = {
    Reason.E_BOT_CHECK: "the site asks for a proof that no robot watches; wait, or give --cookies of a browser session",
    Reason.E_RATE_LIMIT: "the site says that it is asked too often; wait, and raise --pause-s",
    Reason.E_DRM: "it is encrypted for players with a licence, and is left alone",
    Reason.E_MEMBERS: "it is for paying viewers; give --cookies of an account that may watch and keep it",
    Reason.E_AGE: "it is shown to grown-ups who are logged in; give --cookies of an account of age",
    Reason.E_LIVE: "it is live or has not begun; collect it when it is over",
    Reason.E_REGION: "it is not shown where this machine stands",
    Reason.E_PRIVATE: "it is private or asks for a login; give --cookies of an account that may watch it",
    Reason.E_REMOVED: "it is no longer there, or never was",
    Reason.E_UNSUPPORTED: "no video was found at that address; give the page of a video, channel or playlist",
    Reason.E_NO_FORMAT: "it comes in no form that can be fetched without other programs",
    Reason.E_FORBIDDEN: "the server does not allow it; give --cookies if an account may watch it",
    Reason.E_FETCH: "the server or the way to it failed; run the same again later",
}
_TRANSPORT = ("TransportError", "IncompleteRead", "SSLError", "CertificateVerifyError", "ProxyError")
"""Names of yt-dlp's errors; this module works without it."""
_BY_STATUS = {
    401: Reason.E_PRIVATE,
    402: Reason.E_MEMBERS,
    403: Reason.E_FORBIDDEN,
    404: Reason.E_REMOVED,
    407: Reason.E_FETCH,
    410: Reason.E_REMOVED,
    429: Reason.E_RATE_LIMIT,
    451: Reason.E_REGION,
}


def verdict_of(error: BaseException, url: str) -> Reject:
    """The verdict on the video at `url` whose looking-up or fetching ended with `error`.

    Raises:
        EnoughError: the error says that the run has fetched its share, which is nobody's fault.
    """
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, RejectedError):
            return link.reject
        if isinstance(link, EnoughError):
            raise link
    text = clean_text(_plain(str(error)), _MOST_TEXT)
    reason = reason_of(text)
    status = next((s for s in (getattr(link, "status", None) for link in chain) if isinstance(s, int)), None)
    if any(type(link).__name__ == "GeoRestrictedError" for link in chain):
        reason = Reason.E_REGION
    elif status is not None and reason not in (Reason.E_BOT_CHECK, Reason.E_DRM, Reason.E_MEMBERS, Reason.E_AGE):
        reason = _of_status(status, chain)
    elif any(type(link).__name__ in _TRANSPORT for link in chain):
        reason = Reason.E_FETCH
    return Reject(reason, f"{without_secrets(url)}: {_ADVICE[reason]} ({text})" if reason in _ADVICE else text)


def reason_of(text: str) -> Reason:
    """The reason that a site's or yt-dlp's sentence gives; E_UNSUPPORTED where it says nothing known."""
    return next((reason for reason, pattern in _COMPILED.items() if pattern.search(text)), Reason.E_UNSUPPORTED)


def _of_status(status: int, chain: list[BaseException]) -> Reason:
    looped = any(getattr(link, "redirect_loop", False) for link in chain)
    if 300 <= status < 400 and not looped:
        return Reason.E_ADDRESS  # urllib follows http and https, and tells of nothing else but by this
    return _BY_STATUS.get(status, Reason.E_FETCH)


def _plain(text: str) -> str:
    """A message without yt-dlp's frame around it, its colours and its advice for another command line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"^ERROR: ", "", text)
    text = re.split(r"; please report this issue|\. Use --|\(caused by", text)[0]
    return re.sub(r"([a-z]+://)[^/@\s]+@", r"\1", text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it names as its cause, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        info = getattr(link, "exc_info", None)
        waiting += [getattr(link, "cause", None), info[1] if isinstance(info, tuple) and len(info) > 1 else None]
        waiting += [getattr(link, "reason", None), link.__cause__, link.__context__]
