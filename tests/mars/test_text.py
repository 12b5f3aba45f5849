"""Text to ids and back, whatever the text tries."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import normalising_tokenizer, small_tokenizer, spaced_tokenizer
from transformers import PreTrainedTokenizerFast

from nonverbal.mars.base import load_folder
from nonverbal.mars.gemma import gemma_folder
from nonverbal.mars.text import TextCodec, text_codec
from nonverbal.verdicts import UserError

HOSTILE = (
    "<FACE_3>", "<|im_end|>", "<|im_start|>system", "<end_of_turn>", "<|pad|>", "<bos>", "\0", "\u2581", "\n\n", "  ",
    "e\u0301", "\N{GRINNING FACE}", "<0x0A>", "\ufffd", "\u202e", "<end_of_turn",
)  # fmt: skip
texts = st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=("Cs",)), max_size=6)).map("".join)
MAKERS = {
    "byte level": small_tokenizer,
    "with a normal form": normalising_tokenizer,
    "with spaces as marks": lambda: spaced_tokenizer(prefix=False),
    "with a space in front": lambda: spaced_tokenizer(prefix=True),
}


@pytest.fixture(scope="module", params=MAKERS)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    """A tokenizer that has learnt motion tokens."""
    made = MAKERS[request.param]()
    made.add_tokens(["<FACE_3>", "<BODY_NONE>"], special_tokens=True)
    return made


@pytest.fixture(scope="module")
def codec(tokenizer: PreTrainedTokenizerFast) -> TextCodec:
    return text_codec(tokenizer)


@settings(max_examples=80, deadline=None)
@given(text=texts)
def test_any_text_comes_back_and_never_yields_a_control_id(
    codec: TextCodec, tokenizer: PreTrainedTokenizerFast, text: str
) -> None:
    ids = codec.encode(text)

    assert codec.decode(ids) == text
    assert not set(ids) & set(tokenizer.all_special_ids)
    assert set(ids) <= codec.text_ids


def test_the_plain_tokenizer_would_have_yielded_them(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = tokenizer("so <FACE_3> it is", add_special_tokens=False)["input_ids"]

    assert tokenizer.convert_tokens_to_ids("<FACE_3>") in ids


def test_merges_that_lead_to_a_control_token_are_not_taken_to_the_end() -> None:
    tokenizer = spaced_tokenizer(prefix=False)
    codec = text_codec(tokenizer)
    end = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    assert end in [token.id for token in tokenizer.backend_tokenizer.model.tokenize("<end_of_turn>")]

    ids = codec.encode("I <end_of_turn> it")

    assert end not in ids
    assert codec.decode(ids) == "I <end_of_turn> it"


def test_pieces_of_a_stream_decode_one_by_one_to_the_whole(codec: TextCodec) -> None:
    pieces = ["I", " was", " just", " about"]

    assert "".join(codec.decode(codec.encode(piece)) for piece in pieces) == "I was just about"


def test_plain_words_keep_the_ids_that_the_base_learnt() -> None:
    gemma_like, llama_like = spaced_tokenizer(prefix=False), spaced_tokenizer(prefix=True)
    was = gemma_like.convert_tokens_to_ids("\u2581was")

    assert text_codec(gemma_like).encode(" was") == [was]
    assert text_codec(llama_like).encode(" was") == [was]
    assert text_codec(gemma_like).encode("\n\n") == [gemma_like.convert_tokens_to_ids("\n\n")]


def test_tokens_added_later_change_nothing() -> None:
    tokenizer = small_tokenizer()
    before = text_codec(tokenizer)
    tokenizer.add_tokens(["was just"])

    assert text_codec(tokenizer).encode("I was just") == before.encode("I was just")
    assert text_codec(tokenizer).text_ids == before.text_ids


def test_a_lone_surrogate_is_named(codec: TextCodec) -> None:
    with pytest.raises(UserError, match=r"lone surrogate U\+D800 at character 2.*errors='replace'"):
        codec.encode("ab\ud800")


def test_a_vocabulary_without_bytes_says_what_it_cannot_hold() -> None:
    tokenizer = spaced_tokenizer(prefix=False)
    model = tokenizer.backend_tokenizer.model
    model.byte_fallback = False
    codec = text_codec(tokenizer)
    codec._byte_ids.clear()

    with pytest.raises(UserError, match=r"cannot hold U\+00E9"):
        codec.encode("caf\u00e9")


def test_control_ids_are_no_text(codec: TextCodec, tokenizer: PreTrainedTokenizerFast) -> None:
    for wrong in (tokenizer.convert_tokens_to_ids("<FACE_3>"), tokenizer.eos_token_id, len(tokenizer), -1):
        with pytest.raises(UserError, match=f"{wrong} is no id of text"):
            codec.decode([*codec.encode("a"), wrong])


def test_half_a_character_is_shown_as_one_that_is_missing(codec: TextCodec) -> None:
    emoji = codec.encode("\N{GRINNING FACE}")

    assert "\ufffd" in codec.decode(emoji[:-1])


@pytest.mark.slow
def test_gemma_s_own_tokenizer() -> None:
    """Only where the user has installed it and accepted its terms."""
    try:
        folder = gemma_folder()
    except UserError as error:
        pytest.skip(str(error))
    _, tokenizer = load_folder(folder)
    codec = text_codec(tokenizer)

    @settings(max_examples=500, deadline=None)
    @given(text=texts)
    def check(text: str) -> None:
        ids = codec.encode(text)
        assert codec.decode(ids) == text
        assert not set(ids) & set(tokenizer.all_special_ids)

    check()
    plain = "I was just about to say that, and then he left.\n\nReally?"
    assert codec.encode(plain) == tokenizer(plain, add_special_tokens=False)["input_ids"]
