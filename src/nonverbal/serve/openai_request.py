"""What a request in OpenAI's form asks for, checked: a conversation, how to answer, and whether motion is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from nonverbal.media.names import clean_text
from nonverbal.serve.chat_sampling import LONGEST_S, Knobs, read_knobs
from nonverbal.serve.errors import ApiError
from nonverbal.verdicts import UserError

MOST_MESSAGES = 200
LONGEST_TEXT = 20_000
"""Characters of all messages together."""
MOST_STOPS, LONGEST_STOP = 4, 100
_DEFAULT_TOKENS = 2048
_REFUSED: Mapping[str, str] = {
    "tools": "this model calls no tools",
    "functions": "this model calls no functions",
    "logit_bias": "its vocabulary holds motion as well as text",
    "logprobs": "it tells no probabilities",
    "top_logprobs": "it tells no probabilities",
    "audio": "it speaks in words without sound",
    "prediction": "it takes no predicted output",
    "web_search_options": "it searches nothing",
}
"""Fields that ask for what cannot be done, and why; empty ones and false ones ask for nothing."""

SpeakerRole = Literal["system", "user", "assistant"]
_ROLES: Mapping[str, SpeakerRole] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation."""

    role: SpeakerRole
    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A request.

    Attributes:
        system: the system prompt; None for the model's own.
        said: what was said before, by user and assistant in any order, and last what is to be answered.
        knobs: how to answer.
        most_tokens: most tokens of text and motion in the answer.
        stops: texts before which it ends.
        stream: the answer is sent as it is made.
        counted: a stream ends with what was used.
        motion: face and body come with the words.
    """

    system: str | None
    said: tuple[Said, ...]
    knobs: Knobs
    most_tokens: int
    stops: tuple[str, ...]
    stream: bool
    counted: bool
    motion: bool


def read_wish(told: object, model: str) -> Wish:
    """The request that JSON stands for; fields that are not known are ignored.

    Args:
        told: the JSON.
        model: the name of the model there is.

    Raises:
        ApiError: another model is asked for, or what this one cannot do.
        UserError: a field is missing or has no such value.
    """
    if not isinstance(told, Mapping):
        raise UserError("the request: got no JSON object, expected one with model and messages")
    asked = told.get("model", model)
    if asked != model:
        sentence = f"There is no model {str(asked)[:60]!r}; this server has {model!r}."
        raise ApiError(404, sentence, "model_not_found")
    _refuse_what_cannot_be(told)
    system, said = _messages(told.get("messages"))
    options = told.get("stream_options")
    return Wish(
        system=system,
        said=said,
        knobs=replace(read_knobs(told, Knobs()), max_s=LONGEST_S),
        most_tokens=_most_tokens(told),
        stops=_stops(told.get("stop")),
        stream=_flag(told, "stream", False),
        counted=isinstance(options, Mapping) and options.get("include_usage") is True,
        motion=_flag(told, "motion", True),
    )


def _refuse_what_cannot_be(told: Mapping[str, Any]) -> None:
    for name, why in _REFUSED.items():
        if told.get(name):
            raise ApiError(400, f"{name}: {why}; leave it out.", "unsupported_parameter")
    if told.get("n") not in (None, 1):
        raise ApiError(400, f"n: got {str(told['n'])[:20]}, expected 1; ask several times.", "unsupported_parameter")
    for name in ("presence_penalty", "frequency_penalty"):
        if told.get(name) not in (None, 0):
            raise ApiError(400, f"{name}: got {str(told[name])[:20]}, expected 0 or nothing.", "unsupported_parameter")
    form = told.get("response_format")
    if isinstance(form, Mapping) and form.get("type", "text") != "text":
        raise ApiError(400, "response_format: this model answers in plain words only.", "unsupported_parameter")


def _messages(told: object) -> tuple[str | None, tuple[Said, ...]]:
    """The system prompt, and what was said."""
    if not isinstance(told, Sequence) or isinstance(told, str) or not 0 < len(told) <= MOST_MESSAGES:
        raise UserError(f"messages: expected a list of 1 to {MOST_MESSAGES} messages")
    found = [_message(one, i) for i, one in enumerate(told)]
    if sum(len(one.text) for one in found) > LONGEST_TEXT:
        raise UserError(f"messages: got more than {LONGEST_TEXT} characters in all; send fewer of the oldest")
    system = [one.text for one in found if one.role == "system"]
    said = tuple(one for one in found if one.role != "system" and one.text)
    if not said or said[-1].role != "user":
        raise UserError("messages: the last one has to be the user's, with words in it")
    return "\n".join(system) if system else None, said


def _message(told: object, number: int) -> Said:
    where = f"messages[{number}]"
    if not isinstance(told, Mapping):
        raise UserError(f"{where}: expected an object with role and content")
    role = _ROLES.get(str(told.get("role")))
    if role is None:
        raise UserError(f"{where}: got the role {str(told.get('role'))[:40]!r}, expected {', '.join(_ROLES)}")
    text = _text(told.get("content"), where)
    return Said(role, clean_text(text, len(text)))


def _text(content: object, where: str) -> str:
    """Text, or the texts of content in parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [part for part in content if isinstance(part, Mapping)]
        texts = [part["text"] for part in parts if part.get("type") == "text" and isinstance(part.get("text"), str)]
        if len(texts) == len(content):
            return " ".join(texts)
    raise UserError(f"{where}: expected text as content; pictures, sound and files are not understood here")


def _most_tokens(told: Mapping[str, Any]) -> int:
    for name in ("max_completion_tokens", "max_tokens"):
        value = told.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UserError(f"{name}: got {str(value)[:40]!r}, expected a whole number of 1 or more")
            return value
    return _DEFAULT_TOKENS


def _stops(told: object) -> tuple[str, ...]:
    stops = [] if told is None else [told] if isinstance(told, str) else told
    if not isinstance(stops, Sequence) or len(stops) > MOST_STOPS:
        raise UserError(f"stop: expected a text or up to {MOST_STOPS} of them")
    if not all(isinstance(stop, str) and 0 < len(stop) <= LONGEST_STOP for stop in stops):
        raise UserError(f"stop: expected texts of 1 to {LONGEST_STOP} characters")
    return tuple(stops)


def _flag(told: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    value = told.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, bool):
        raise UserError(f"{name}: got {str(value)[:40]!r}, expected true or false")
    return value
