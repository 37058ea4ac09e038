"""`Certificates`: which quantilizers of the demonstrations, and which agents, are certified.

Knows recorded returns and measured divergences, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.data.episodes import Episodes
from driftline.errors import DataError
from driftline.safety.certificate import (
    BestCertified,
    Certificate,
    best_certified,
    certify,
    certify_quantilizer,
)
from driftline.safety.reference_returns import ReferenceReturns
from driftline.seeding import generator
from driftline.shapes import Floats

SHARES = (0.5, 0.2, 0.1, 0.05, 0.02)
"""The quantilizers that are tried."""
DRAWS = 400


@dataclass(frozen=True, eq=False)
class Uncertified:
    """Why there is no certificate."""

    reason: str


@dataclass(frozen=True, eq=False)
class Certificates:
    """``by_share`` of the demonstrations' quantilizers, ``agents`` with measured chi-squared.

    ``best`` is None where none is certified; ``missing``: why there is none at all.
    """

    episodes: int
    by_share: Mapping[float, Certificate]
    best: BestCertified | None
    agents: Mapping[str, Certificate | Uncertified]
    missing: str = ""

    @property
    def correlation(self) -> float | None:
        """Of true and observed return under the demonstrators."""
        return next((each.correlation for each in self.by_share.values()), None)

    def to_json(self) -> dict[str, Any]:
        """The ``certificate`` in a summary."""
        best = self.best
        return {
            "episodes": self.episodes,
            "correlation": self.correlation,
            "by_share": {f"{q:g}": each.to_json() for q, each in self.by_share.items()},
            "best": None if best is None else {"q": best.q, **best.certificate.to_json()},
            "agents": {name: _agent_json(each) for name, each in self.agents.items()},
            "missing": self.missing,
        }


def _agent_json(each: Certificate | Uncertified) -> dict[str, Any]:
    if isinstance(each, Uncertified):
        return {"certified": False, "missing": each.reason}
    return each.to_json()


@dataclass(frozen=True, eq=False)
class Measured:
    """An agent's last observed returns and the upper limit of its chi-squared, if measured."""

    observed: Floats
    chi_squared: float | None


def certificates(
    demonstrations: Sequence[Episodes],
    model: Sequence[Episodes],
    agents: Mapping[str, Measured],
) -> Certificates:
    """Of all seeds together; ``model`` are episodes of the demonstrator model, or none.

    Agents' chi-squared is to that model, which also does what no demonstrator did, so
    they are held against its own episodes and against nothing else.
    """
    try:
        shown = _returns(demonstrations)
    except DataError as error:
        return Certificates(0, {}, None, {}, str(error))
    draw = generator(0, "certificates")
    reference = _reference(model)
    return Certificates(
        episodes=shown.episodes,
        by_share={q: certify_quantilizer(shown, q, draw, DRAWS) for q in SHARES},
        best=best_certified(shown, SHARES, generator(0, "certificates", "best"), DRAWS),
        agents={name: _held(reference, each, name) for name, each in agents.items()},
    )


def _reference(model: Sequence[Episodes]) -> ReferenceReturns | Uncertified:
    if not model:
        return Uncertified(
            "its chi-squared is to the demonstrator model, of which this study has no episodes; "
            "add the agent gm"
        )
    try:
        return _returns(model)
    except DataError as error:
        return Uncertified(str(error))


def _returns(runs: Sequence[Episodes]) -> ReferenceReturns:
    return ReferenceReturns.of(
        np.concatenate([run.observed_returns for run in runs]),
        np.concatenate([run.true_returns for run in runs]),
    )


def _held(
    reference: ReferenceReturns | Uncertified, agent: Measured, name: str
) -> Certificate | Uncertified:
    if isinstance(reference, Uncertified):
        return reference
    if agent.chi_squared is None:
        return Uncertified("its chi-squared was not measured, or is not finite")
    draw = generator(0, "certificates", name)
    return certify(reference, agent.observed, agent.chi_squared, draw, DRAWS)
