"""Baselines and bounds: each gives what its sentence says, for every frame, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from small_mars import Stage, stage_of
from small_training import build_dialogues

from nonverbal.mars.baselines import Bigram, MeanPose, TrainingCodes, TrueTokens, Truth, Unigram
from nonverbal.mars.evaluate import check_fits
from nonverbal.mars.held_out import own_codes, retold, told_frames
from nonverbal.mars.retrieval import Nearest, Shuffled, Takes, TextIndex, bouts
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.verdicts import UserError

SPACES = ("arkit52", "smplx117")
LEVELS = {"face": 1, "body": 1}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return stage_of(build_dialogues(tmp_path_factory.mktemp("data") / "talks", count=4))


@pytest.fixture(scope="module")
def codes(stage: Stage) -> TrainingCodes:
    return TrainingCodes.of(stage.data, stage.data.ids(), stage.mars.tokenizers, LEVELS)


def takes(stage: Stage, ids: tuple[str, ...]) -> Takes:
    return Takes.of(stage.data, ids, SPACES, stage.mars.vocabulary.config, 8)


def test_bouts_are_the_messages_of_the_stream_in_frames(stage: Stage) -> None:
    words = 0
    for person in stage.people:
        found = bouts(person.row, person.participant, stage.mars.vocabulary.config, 8)
        messages = [m for scene in person.scenes for m in scene.conversation.messages]
        assert [b.speaks for b in found] == [m.role == "assistant" for m in messages]
        assert [(b.last - b.first) // 8 for b in found] == [len(m.steps) for m in messages]
        said = " ".join(b.text for b in found if b.speaks)
        own = " ".join(w for t in person.turns if t.participant == person.participant for w in t.text.split())
        assert set(said.split()) <= set(own.split())
        words += len(said.split())
    assert words > 20


def test_the_nearest_turn_lends_its_motion_from_its_start(stage: Stage) -> None:
    """Among all dialogues, the own one included, the nearest words are the own ones, and so is the motion."""
    config = stage.mars.vocabulary.config
    nearest = Nearest(takes(stage, stage.data.ids()), config, 8)
    for person in stage.people:
        played, true = nearest.play(person), Truth(stage.data, SPACES).play(person)
        own = bouts(person.row, person.participant, config, 8)
        texts = [b.text for p in stage.people for b in bouts(p.row, p.participant, config, 8)]
        for bout in own:
            if bout.text and texts.count(bout.text) == 2:  # as said by one and heard by the other
                for space in SPACES:
                    got, expected = (rows[space][bout.first : bout.last] for rows in (played, true))
                    assert np.array_equal(got, expected)


def test_motion_is_laid_beyond_the_end_of_a_turn_and_the_last_frame_held(stage: Stage) -> None:
    some = takes(stage, stage.data.ids()[:1])
    place = some.places[1]
    rows = motion_rows(stage.data.motion(*place, smooth=True), ("arkit52",))[0]
    laid = some.lay(1, "arkit52", len(rows) + 5)
    first = some.bouts[1].first
    assert first > 0
    assert np.array_equal(laid[: len(rows) - first], rows[first:])
    assert (laid[len(rows) - first :] == rows[-1]).all()


def test_shuffled_motion_comes_from_other_dialogues(stage: Stage) -> None:
    config = stage.mars.vocabulary.config
    some = takes(stage, stage.data.ids())
    shuffled = Shuffled(some, config, 8, seed=0)
    for person in stage.people:
        own = bouts(person.row, person.participant, config, 8)
        chosen = shuffled.choose(person, own)
        assert all(some.places[i][0] != person.dialogue_id for i in chosen)
        assert [some.bouts[i].speaks for i in chosen] == [bout.speaks for bout in own]
        assert chosen == Shuffled(some, config, 8, seed=0).choose(person, own)
    with pytest.raises(UserError, match="got one dialogue"):
        Shuffled(takes(stage, stage.data.ids()[:1]), config, 8, 0).play(stage.people[0])


def test_texts_are_found_by_their_words() -> None:
    index = TextIndex(["Do you like tea?", "I like coffee.", "It rained all day.", ""])
    assert index.nearest(["Coffee is what I like.", "all day it rained", "tea?"]).tolist() == [1, 2, 0]


def test_unigrams_and_bigrams_are_those_of_the_training_data(stage: Stage, codes: TrainingCodes) -> None:
    person = stage.people[0]
    seen = {part: {tuple(row) for row in pool.tolist()} for part, pool in codes.pool.items()}
    follows = {
        part: {(a[0], *b) for a, b in zip(before.tolist(), after.tolist(), strict=True)}
        for part, (before, after) in codes.pairs.items()
    }
    bigram = Bigram(codes.pairs, stage.mars.tokenizers, 0)
    for part in LEVELS:
        chain = bigram._chain(part, 200, np.random.default_rng(0)).tolist()
        assert {tuple(row) for row in chain} <= seen[part]
        ends = {row[0] for row in codes.pool[part].tolist()} - {a for a, *_ in follows[part]}
        assert all((a[0], *b) in follows[part] for a, b in pairwise(chain) if a[0] not in ends)
    for one in (bigram, Unigram(codes.pool, stage.mars.tokenizers, 0)):
        first, again = one.play(person), one.play(person)
        assert {space: rows.shape for space, rows in first.items()} == {
            "arkit52": (person.n_frames, 52),
            "smplx117": (person.n_frames, 117),
        }
        assert all(np.array_equal(first[space], again[space]) for space in SPACES)


def test_the_mean_pose_is_the_mean(stage: Stage) -> None:
    found = MeanPose.of(stage.data, stage.data.ids(), ("arkit52",)).play(stage.people[0])["arkit52"]
    total, count = np.zeros(52), 0
    for person in stage.people:
        motion = stage.data.motion(person.dialogue_id, person.participant, smooth=True)
        seen = motion.validity[:, 0] == 1
        total += motion.face[seen].sum(axis=0)
        count += int(seen.sum())
    assert np.allclose(found, total / count, atol=1e-5)
    assert len(found) == stage.people[0].n_frames


def test_true_tokens_are_the_codes_decoded(stage: Stage) -> None:
    person, tokenizers = stage.people[1], stage.mars.tokenizers
    found = TrueTokens(tokenizers, LEVELS).play(person)
    assert np.array_equal(found["smplx117"], tokenizers["body"].decode(person.codes["body"], person.n_frames))


def test_own_codes_of_the_true_streams_are_the_true_codes(stage: Stage) -> None:
    for person in stage.people:
        found = own_codes(person, stage.mars.vocabulary, [scene.stream.ids for scene in person.scenes])
        told = told_frames(person, stage.mars.vocabulary, stage.mars.tokenizers)
        for part, space in zip(LEVELS, SPACES, strict=True):
            seen = found[part][:, 0] >= 0
            assert seen.mean() > 0.5
            assert np.array_equal(found[part][seen], person.codes[part][seen])
            assert np.array_equal(told[space], np.repeat(seen, 8)[: person.n_frames])


def test_codes_land_on_the_step_that_they_stand_in(stage: Stage) -> None:
    """Every step's code of the body is its number in the dialogue."""
    vocabulary = stage.mars.vocabulary
    kind = vocabulary.grammar.code_class(1, 0)
    for person in stage.people:
        streams = []
        for scene in person.scenes:
            ids = scene.stream.ids.copy()
            own = scene.stream.response & (vocabulary.grammar.classes[ids] == kind)
            before = np.array([(scene.stream.steps <= at).sum() for at in np.flatnonzero(own)], int)
            ids[own] = vocabulary.first_id(1, 0) + (scene.first_step + before - 1) % 12
            streams.append(ids)
        found = own_codes(person, vocabulary, streams)["body"][:, 0]
        seen = found >= 0
        assert np.array_equal(found[seen], np.arange(len(found))[seen] % 12)


def test_a_hidden_partner_is_unseen_and_all_else_stays(stage: Stage) -> None:
    vocabulary = stage.mars.vocabulary
    for person in stage.people:
        hidden = retold(person, vocabulary, partner_seen=False)
        for scene, before in zip(hidden.scenes, person.scenes, strict=True):
            for message, was in zip(scene.conversation.messages, before.conversation.messages, strict=True):
                for step, old in zip(message.steps, was.steps, strict=True):
                    partner = step.holder if message.role == "user" else step.listener
                    assert partner is None or not partner.seen
                    assert step.holder.words == old.holder.words
                    assert message.role == "user" or step.holder == old.holder
                    assert message.role == "assistant" or step.listener == old.listener
        streams = [[scene.stream.ids for scene in one.scenes] for one in (hidden, person)]
        codes = [own_codes(one, vocabulary, ids)["face"] for one, ids in zip((hidden, person), streams, strict=True)]
        assert np.array_equal(*codes)


def test_a_dataset_of_other_spaces_is_refused(stage: Stage) -> None:
    stage.data.manifest, kept = replace(stage.data.manifest, face_space="flame53"), stage.data.manifest
    try:
        with pytest.raises(UserError, match="the model's face is arkit52 at 25"):
            check_fits(stage.mars, stage.data)
    finally:
        stage.data.manifest = kept
