"""The walk of `nonverbal demo`: video to dataset, talk to tokenizers, tokens to a model, a model to an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from nonverbal.build import build
from nonverbal.chat.exchange import Exchange
from nonverbal.chat.partner import Partner
from nonverbal.chat.typed import Typed, read_typed
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.stats import statistics
from nonverbal.fitting.chat_recipe import Kitchen, Recipe, one_thread
from nonverbal.fitting.chat_steps import Step
from nonverbal.fitting.chat_train import WordsPlan
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.store import load_mars
from nonverbal.mars.train_config import TrainConfig
from nonverbal.progress import watching
from nonverbal.report import show_build
from nonverbal.settings import BuildSettings
from nonverbal.studio.settings import StudioSettings, TruthSettings
from nonverbal.studio.shoot import shoot_podcast
from nonverbal.ticks import ticking
from nonverbal.tokens.table_write import write_tokens
from nonverbal.venus.segment import Segment
from nonverbal.verdicts import UserError
from nonverbal.weights import sha256_of

RECIPE = Recipe(
    motion=TruthSettings(hours=0.5, minutes=3.0, seed=6_000),
    tokenizer_steps=700,
    talks=TruthSettings(hours=1.0, minutes=4.0, seed=20_000),
    hinges=TruthSettings(hours=0.4, minutes=4.0, seed=40_000, hinges=20.0),
    small_talk=TruthSettings(hours=0.6, minutes=4.0, seed=60_000),
    words=WordsPlan(hours=20.0, validation_hours=0.2, kept_hours=1.0),
    words_training=TrainConfig(context=512, row_tokens=1024, batch_rows=1, steps=500, learning_rate=2e-3),
    training=TrainConfig(
        context=512, row_tokens=1024, batch_rows=1, steps=900, learning_rate=2e-3, weights={"text": 2.0},
        level_weight=0.7, typed_share=0.35, seed=1,
    ),
)  # fmt: skip
"""The recipe of the model that ships with everything made smaller: minutes in place of hours."""

_FILM = StudioSettings(minutes=1.0, seed=7)
_SEGMENT = Segment(skip_intro_s=0.0, clip_s=300.0, min_clip_s=5.0)
"""Nothing of a video is left out; a studio film becomes one dialogue."""
_FIRST_WORDS = "Hello, how are you?"


@dataclass(frozen=True)
class Walk:
    """Where the walk leads.

    Attributes:
        out: the folder of all of it.
        video: what the dataset is built from; None for a film of the studio.
        recipe: of tokenizers and model.
    """

    out: Path
    video: Path | None = None
    recipe: Recipe = RECIPE

    @property
    def dataset(self) -> Path:
        return self.out / "dataset"

    @property
    def media(self) -> Path:
        """The folder of the video."""
        return (self.video or self.out / "studio" / "podcast.mp4").parent

    @property
    def model(self) -> Path:
        return self._kitchen.model

    @property
    def _kitchen(self) -> Kitchen:
        return Kitchen(self.recipe, self.out / "training")

    def steps(self) -> tuple[Step, ...]:
        """All of it, in order."""
        film = Step("film", "Film two made-up people talking, in the studio", _FILM, self._film)
        made_of = "" if self.video is None else sha256_of([self.video])
        title = "Build the dataset: who speaks when, what they say, how they move"
        return (
            *(() if self.video else (film,)),
            Step("dataset", title, (made_of, _SEGMENT), self._build),
            *self._kitchen.steps(),
            Step("video-tokens", "Turn the motion of the video into tokens, too", None, self._tokens),
            Step("answer", "Say something to the new model", _FIRST_WORDS, self._answer),
        )

    def _film(self, console: Console) -> str:
        with ticking(console) as tick:
            video = shoot_podcast(self.out / "studio", _FILM, tick)
        return f"{video}: {_FILM.minutes:g} minutes, with the truth about every frame beside it"

    def _build(self, console: Console) -> str:
        video = self.video or self.out / "studio" / "podcast.mp4"
        settings = replace(BuildSettings(), segment=_SEGMENT)
        with watching(console) as (observer, tick):
            built = build([str(video)], self.dataset, settings, observer, tick)
        show_build(built, console)
        if built.written is None:
            raise KeyboardInterrupt  # which the build has taken for itself, to end its workers
        if built.exit_code:
            raise UserError(f"{video}: gave no dialogue, for the reason above; give a video of two people talking")
        found = statistics(self.dataset)
        return f"{found.dialogues} dialogues, {found.turns} turns, {found.words:,} words, {found.frames:,} frames"

    def _tokens(self, console: Console) -> str:
        with ticking(console) as tick, one_thread():
            info = write_tokens(open_dataset(self.dataset), self._kitchen.chosen(), tick=tick).table.info
        tokens = sum(one.tokens * one.num_codebooks for one in info.parts.values())
        return f"{info.frames:,} frames of {info.rows} participants became {tokens:,} codes"

    def _answer(self, console: Console) -> str:
        said = read_typed(_FIRST_WORDS)
        assert isinstance(said, Typed)
        with one_thread():
            mars = load_mars(self.model)
            exchange = Exchange(mars, Partner(mars.tokenizers, mars.vocabulary.config), SamplingConfig(seed=1))
            exchange.hear(said)
            for _ in exchange.reply():
                pass
        return f'"{_FIRST_WORDS}" - {exchange.described(exchange.messages[-1])}'
