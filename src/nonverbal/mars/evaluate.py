"""A model on held-out dialogues beside baselines: likelihood, behaviour to given words, free replies, speed.

Example::

    found = evaluate(load_mars(Path("MODEL")), open_dataset(Path("DATASET")), EvaluationSettings(dialogues=4))
    found.behaviour[0].moments.words_f1
"""

from __future__ import annotations

from collections.abc import Sequence

from nonverbal.dataset.read import Dataset
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.evaluation import MODEL, TEXT_ONLY, Evaluation, Words
from nonverbal.mars.field import Field, Observer, sampling_of, training_takes
from nonverbal.mars.held_out import Person, held_out, some_ids, told_frames
from nonverbal.mars.likelihood import Likelihood, likelihood
from nonverbal.mars.replies import calls, replies, retrieved, speed, text_of
from nonverbal.mars.retrieval import Takes
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Conversation, Message, decode, encode
from nonverbal.mars.text_metrics import text_report
from nonverbal.ticks import Tick, silent
from nonverbal.verdicts import UserError


def evaluate(
    mars: Mars,
    dataset: Dataset,
    settings: EvaluationSettings,
    name: str = MODEL,
    text_only: Mars | None = None,
    tick: Tick = silent,
    observer: Observer | None = None,
) -> Evaluation:
    """Measures a model and everything that it is compared with on the same frames and replies.

    Args:
        name: of the model, for the record.
        text_only: a model without face and body, trained on the same words; its likelihood and replies stand beside.
        tick: told how far each part has come.
        observer: shown all motion; None where nothing is drawn.

    Raises:
        UserError: the model's tokenizers do not fit the dataset, the split is empty, or a mesh cannot be had.
    """
    check_fits(mars, dataset)
    ids = some_ids(dataset, settings.split, settings.dialogues)
    people = held_out(dataset, mars.vocabulary, mars.tokenizers, ids, tick)
    takes = None if settings.no_baselines else training_takes(mars, dataset)
    streams = [scene.stream for person in people for scene in person.scenes]
    foretold = {}
    if not settings.no_likelihood:
        foretold = dict(likelihood(mars.model, mars.vocabulary, streams, settings.context, settings.fresh, tick))
        foretold |= _text_only_likelihood(text_only, dataset, ids, settings, tick) if text_only else {}
    field = Field(mars, dataset, people, settings, takes, tick)
    behaviour = field.measure(observer) if mars.tokenizers else ()
    words, outputs, parsed = _words(mars, text_only, dataset, people, ids, takes, settings, tick)
    asked = calls(people, mars.vocabulary, 5, settings.context // 2)
    frames = sum(_asked_frames(person, mars) for person in people)
    return Evaluation(
        model=name,
        base=mars.info.base,
        dataset=dataset.root.resolve().name,
        dataset_hash=dataset.content_hash,
        settings=settings,
        dialogues=len(ids),
        participants=len(people),
        minutes=frames / dataset.manifest.fps / 60,
        likelihood=foretold,
        behaviour=behaviour,
        words=words,
        parsed=parsed + field.parsed,
        outputs=outputs + field.outputs,
        speed=speed(mars.model, mars.vocabulary, asked, sampling_of(settings), settings.context) if asked else None,
    )


def check_fits(mars: Mars, dataset: Dataset) -> None:
    """See that the dataset holds what the model's tokenizers read.

    Raises:
        UserError: it does not.
    """
    manifest = dataset.manifest
    for part, tokenizer in mars.tokenizers.items():
        if not set(tokenizer.spaces) <= {manifest.face_space, manifest.body_space} or tokenizer.fps != manifest.fps:
            raise UserError(
                f"the model's {part} is {tokenizer.space} at {tokenizer.fps:g} frames a second, but {dataset.root} "
                f"holds {manifest.face_space} and {manifest.body_space} at {manifest.fps:g}; give a dataset of these"
            )


def _words(
    mars: Mars,
    text_only: Mars | None,
    dataset: Dataset,
    people: Sequence[Person],
    ids: Sequence[str],
    takes: Takes | None,
    settings: EvaluationSettings,
    tick: Tick,
) -> tuple[tuple[Words, ...], int, int]:
    asked = calls(people, mars.vocabulary, settings.replies, settings.context // 2)
    if not asked:
        return (), 0, 0
    truth = [call.truth for call in asked]
    made = replies(mars.model, mars.vocabulary, asked, sampling_of(settings), tick)
    rows = [Words(MODEL, "model", text_report([text_of(m) for m in made], truth))]
    if text_only is not None:
        others = held_out(dataset, text_only.vocabulary, {}, ids, tick)
        again = calls(others, text_only.vocabulary, settings.replies, settings.context // 2)
        texts = [text_of(m) for m in replies(text_only.model, text_only.vocabulary, again, sampling_of(settings), tick)]
        rows.append(Words(TEXT_ONLY, "model", text_report(texts, [call.truth for call in again])))
    for name, texts in ({} if takes is None else retrieved(asked, takes, settings.seed)).items():
        rows.append(Words(name, "baseline", text_report(texts, truth)))
    return tuple(rows), len(made), sum(_parses(message, mars) for message in made)


def _parses(message: Message, mars: Mars) -> bool:
    """Whether a message comes back from its own stream."""
    told = Conversation((message,))
    return decode(encode(told, mars.vocabulary).ids, mars.vocabulary) == told


def _text_only_likelihood(
    text_only: Mars, dataset: Dataset, ids: Sequence[str], settings: EvaluationSettings, tick: Tick
) -> dict[str, Likelihood]:
    """That of words and their times alone; a step without words is a single token there."""
    people = held_out(dataset, text_only.vocabulary, {}, ids, tick)
    streams = [scene.stream for person in people for scene in person.scenes]
    found = likelihood(text_only.model, text_only.vocabulary, streams, settings.context, settings.fresh, tick)
    return {f"{TEXT_ONLY}: {name}": one for name, one in found.items() if name != "all"}


def _asked_frames(person: Person, mars: Mars) -> int:
    told = told_frames(person, mars.vocabulary, mars.tokenizers)
    return max((int(frames.sum()) for frames in told.values()), default=0)
