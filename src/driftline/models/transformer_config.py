"""`TransformerConfig`: every choice that shapes a `TrajectoryTransformer`, checked.

Knows no data: what is fitted to demonstrations lives in the codecs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from driftline.errors import SettingsError

Tokens = Literal["fused", "three"]
Time = Literal["none", "relative", "elapsed"]
BoardEncoder = Literal["dense", "convolution"]
Gaussian = Literal["clipped", "squashed"]
Embeddings = Literal["rich", "plain"]
Weights = Literal["scaled", "gpt2"]
Precision = Literal["float32", "bfloat16"]
"""Of what numbers products are; everything else is in single precision."""


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes, token layout and losses of a `TrajectoryTransformer`.

    ``tokens``: "fused" makes one token of a step (observation, previous action and
    return-to-go summed); "three" makes a token of each (Chen et al. 2021,
    arXiv:2106.01345). ``time``: "none" gives no positions, "relative" a learned
    attention bias per head and distance in steps, "elapsed" that and the steps since
    the reset as a fraction of ``horizon``. ``context_length`` counts steps.
    ``gaussian``: of continuous actions, "clipped" to their box or "squashed" into it by
    tanh. ``dropout`` is the share of the embedded tokens and of what every layer adds that is
    left out in training, in steps of 1/256. ``return_dropout`` is the share of training
    windows that see no return at all; with 0 the model has not learnt to act unasked.
    ``embeddings``: "plain" are linear, of vectors and of returns, and normalised; they go on
    growing outside the data, and a codec fitted for them divides returns by ``return_unit``.
    With an ``acting_context`` the model acts by reading so many of the last steps anew, as
    published decision transformers do, and not from a cache under the band. From a cache it acts
    in ``acting_precision`` where a step has more than eight tokens: "bfloat16" takes two thirds
    of the time at a width of 512 on a processor that multiplies it, and rounds what it multiplies
    to three digits. ``weights``: layers begin "scaled" by their inputs, or as GPT-2's and the
    published actor's do ("gpt2"), which matters for as long as LAMB sizes its steps by them.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    context_length: int = 16
    tokens: Tokens = "fused"
    time: Time = "relative"
    horizon: int = 100
    expansion: int = 2
    board_encoder: BoardEncoder = "dense"
    board_width: int = 128
    gaussian: Gaussian = "clipped"
    dropout: float = 0.0
    return_dropout: float = 0.3
    return_loss_weight: float = 0.1
    embeddings: Embeddings = "rich"
    return_unit: float = 1000.0
    acting_context: int | None = None
    acting_precision: Precision = "float32"
    weights: Weights = "scaled"

    def __post_init__(self) -> None:
        for name in ("width", "layers", "heads", "context_length", "horizon", "expansion"):
            _at_least_one(name, getattr(self, name))
        _at_least_one("board_width", self.board_width)
        _one_of("tokens", self.tokens, get_args(Tokens))
        _one_of("time", self.time, get_args(Time))
        _one_of("gaussian", self.gaussian, get_args(Gaussian))
        _one_of("acting_precision", self.acting_precision, get_args(Precision))
        _one_of("embeddings", self.embeddings, get_args(Embeddings))
        _one_of("weights", self.weights, get_args(Weights))
        if self.acting_context is not None:
            _at_least_one("acting_context", self.acting_context)
        if not self.return_unit > 0.0:
            raise SettingsError(f"return_unit is above 0, got {self.return_unit:g}")
        _one_of("board_encoder", self.board_encoder, get_args(BoardEncoder))
        if self.width % self.heads:
            raise SettingsError(
                f"a width of {self.width} cannot be split over {self.heads} heads; "
                "give a width that is a multiple of heads"
            )
        if not 0.0 <= self.return_dropout <= 1.0:
            raise SettingsError(f"return_dropout must lie in [0, 1], got {self.return_dropout}")
        if self.dropout and not 1 / 256 <= self.dropout <= 255 / 256:
            raise SettingsError(f"dropout is 0 or from 1/256 to 255/256, got {self.dropout:g}")
        if self.return_loss_weight < 0.0:
            raise SettingsError(
                f"return_loss_weight must be 0 or more, got {self.return_loss_weight}"
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values; ``TransformerConfig(**config.to_json())`` is the same again."""
        return asdict(self)


def check_asked(return_dropout: float, asked: bool) -> None:
    """Raise `SettingsError` where a model acts unasked that can have learnt no such thing."""
    if not asked and return_dropout == 0.0:
        raise SettingsError(
            "a model with return_dropout=0 is always shown a return and has not learnt to act "
            "without one; ask it for a return, or fit one with a return_dropout above 0"
        )


def _at_least_one(name: str, given: int) -> None:
    if given < 1:
        raise SettingsError(f"{name} must be 1 or more, got {given}")


def _one_of(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise SettingsError(f"{name} is {given!r}, which is unknown; use {' or '.join(known)}")
