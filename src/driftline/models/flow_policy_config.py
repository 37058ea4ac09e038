"""`FlowPolicyConfig`: every choice that shapes a `FlowPolicy`, checked.

Knows no data: what is fitted to demonstrations lives in the codecs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from driftline.errors import SettingsError
from driftline.models.flow_integration import Solver

FlowTime = Literal["none", "elapsed"]


@dataclass(frozen=True)
class FlowPolicyConfig:
    """Sizes, losses and sampling of a `FlowPolicy`.

    ``context_length`` observations and the actions between them are read; 1 is
    Markov. ``time``: "elapsed" adds the steps since the reset as a fraction of
    ``horizon``. ``flow_steps`` steps of ``solver`` carry noise to an action.
    ``return_dropout`` is the share of training windows that see no return at all.
    ``guidance`` g follows v_none + g (v_asked - v_none) where a return is asked for
    (Ho and Salimans 2022, arXiv:2207.12598): 1 is the conditional flow itself, more
    moves beyond it and then no longer samples the conditional distribution.
    """

    width: int = 128
    layers: int = 3
    context_length: int = 1
    time: FlowTime = "none"
    horizon: int = 100
    flow_steps: int = 10
    solver: Solver = "midpoint"
    return_dropout: float = 0.3
    return_loss_weight: float = 0.1
    guidance: float = 1.0

    def __post_init__(self) -> None:
        for name in ("width", "layers", "context_length", "horizon", "flow_steps"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name, known in (("time", get_args(FlowTime)), ("solver", get_args(Solver))):
            if getattr(self, name) not in known:
                raise SettingsError(
                    f"{name} is {getattr(self, name)!r}, which is unknown; use {' or '.join(known)}"
                )
        for name in ("return_loss_weight", "guidance"):
            if not getattr(self, name) >= 0.0:
                raise SettingsError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if not 0.0 <= self.return_dropout <= 1.0:
            raise SettingsError(f"return_dropout must lie in [0, 1], got {self.return_dropout}")
        if self.guidance != 1.0 and self.return_dropout in (0.0, 1.0):
            raise SettingsError(
                f"guidance {self.guidance:g} needs a flow that learnt with and without returns, "
                f"got return_dropout {self.return_dropout:g}; give one between 0 and 1"
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values; ``FlowPolicyConfig(**config.to_json())`` is the same again."""
        return asdict(self)
