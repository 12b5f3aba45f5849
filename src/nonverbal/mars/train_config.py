"""How a language model is trained on streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from nonverbal.mars.documents import Cutting
from nonverbal.mars.targets import LossOn

Precision = Literal["auto", "bf16", "fp32"]
PresetName = Literal["laptop", "paper"]


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; the defaults are for a tiny one on a laptop."""

    context: int = 1024
    """Most tokens of a document: how far back the model sees."""
    row_tokens: int = 4096
    """Tokens of a row of packed documents: what goes through the model at once."""
    batch_rows: int = 2
    """Rows a step, over all processes together."""
    epochs: int = 10
    """Passes over the data, unless `steps` says otherwise."""
    steps: int = 0
    """Steps in all; 0 means as many as `epochs` make."""
    learning_rate: float = 2e-3
    """Highest learning rate of AdamW."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of AdamW's two moving averages."""
    weight_decay: float = 0.1
    """Of AdamW, on matrices; vectors such as those of norms have none."""
    warmup_steps: int = 100
    """Steps over which the learning rate rises from 0; at most a tenth of all."""
    cosine: bool = True
    """Let the learning rate fall to a hundredth along a cosine; else it stays."""
    clip: float = 1.0
    """Longest gradient over all weights; a longer one is made as short."""
    loss_on: LossOn = "response"
    """response: what the model says and does; listening: what it does while its partner speaks; all: every token."""
    weights: dict[str, float] = field(default_factory=dict)
    """How much the loss of text, end (ends of turns), face and body counts; 1 where left out."""
    level_weight: float = 1.0
    """How much each further residual level counts, as a share of the one before."""
    typed_share: float = 0.0
    """Share of the partner's messages given as typed text, so that the model can be talked to by typing."""
    rehearsal_ratio: float = 0.0
    """Share of tokens that are plain text, so that the model does not forget how to talk."""
    seed: int = 0
    """Decides weights, documents, and their order."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    precision: Precision = "auto"
    """Of matrix products; auto is bf16 where the device computes it in hardware. Weights stay in float32."""
    compile: bool = True
    """On a GPU, compile the model (torch.compile)."""
    recompute: bool = False
    """Compute activations again on the way back (gradient checkpointing): a third more work, far less memory."""
    log_every: int = 20
    """Steps between lines of the log."""
    validate_every: int = 250
    """Steps between looks at the validation data."""
    validate_tokens: int = 200_000
    """Most tokens of the validation data that are looked at, from its start."""
    checkpoint_every_s: float = 120.0
    """Wall seconds between checkpoints."""

    def __post_init__(self) -> None:
        for name in ("context", "row_tokens", "batch_rows", "epochs", "log_every", "validate_every", "validate_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 1 or more")
        if self.row_tokens < self.context:
            raise ValueError(f"row_tokens: got {self.row_tokens}, expected at least the context of {self.context}")
        for name in ("steps", "warmup_steps", "seed", "weight_decay", "level_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 0 or more")
        for name in ("learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected more than 0")
        if not 0 <= self.typed_share <= 1 or not 0 <= self.rehearsal_ratio < 1:
            raise ValueError(
                f"typed_share and rehearsal_ratio: got {self.typed_share} and {self.rehearsal_ratio}, expected shares"
            )

    @property
    def cutting(self) -> Cutting:
        """How documents are cut."""
        return Cutting(self.context, self.typed_share, self.rehearsal_ratio)


TRAINING: MappingProxyType[PresetName, TrainConfig] = MappingProxyType(
    {
        "laptop": TrainConfig(),
        "paper": TrainConfig(
            context=4096,
            row_tokens=4096,
            batch_rows=64,
            epochs=3,
            learning_rate=1e-5,
            betas=(0.9, 0.999),
            weight_decay=0.0,
            precision="bf16",
            recompute=True,
            checkpoint_every_s=1800.0,
        ),
    }
)
"""laptop: a tiny model in minutes to hours on two cores; paper: the size and schedule of the paper."""

NG2023: dict[str, Any] = {"loss_on": "listening", "weights": {"text": 0.0, "end": 0.0}}
"""Only the listener's face is learnt. Source: Ng et al. 2023, "Can Language Models Learn to Listen?", section 3."""
