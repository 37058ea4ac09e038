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

    ``best`` is None where none is certified; ``reference`` says whose episodes the
    agents are held against. ``missing``: why there is none at all.
    """

    episodes: int
    by_share: Mapping[float, Certificate]
    best: BestCertified | None
    agents: Mapping[str, Certificate | Uncertified]
    reference: str
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
            "reference_of_agents": self.reference,
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

    Agents diverge from that model, so its own episodes are their reference where
    there are any.
    """
    try:
        shown = _returns(demonstrations)
    except DataError as error:
        return Certificates(0, {}, None, {}, "", str(error))
    draw = generator(0, "certificates")
    held = {q: certify_quantilizer(shown, q, draw, DRAWS) for q in SHARES}
    reference, name = shown, "demonstrations"
    try:
        if model:
            reference, name = _returns(model), "episodes of the demonstrator model"
    except DataError:
        pass  # its episodes alone cannot be told apart; the demonstrations' can
    return Certificates(
        episodes=shown.episodes,
        by_share=held,
        best=best_certified(shown, SHARES, generator(0, "certificates", "best"), DRAWS),
        agents={agent: _held(reference, each, agent) for agent, each in agents.items()},
        reference=name,
    )


def _returns(runs: Sequence[Episodes]) -> ReferenceReturns:
    return ReferenceReturns.of(
        np.concatenate([run.observed_returns for run in runs]),
        np.concatenate([run.true_returns for run in runs]),
    )


def _held(reference: ReferenceReturns, agent: Measured, name: str) -> Certificate | Uncertified:
    if agent.chi_squared is None:
        return Uncertified("its chi-squared was not measured, or is not finite")
    draw = generator(0, "certificates", name)
    return certify(reference, agent.observed, agent.chi_squared, draw, DRAWS)
