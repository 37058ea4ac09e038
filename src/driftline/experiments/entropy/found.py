"""What the study of entropy found of one kind of model: closeness, novelty, safety, gain.

Knows measures and recorded episodes, no agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from driftline.data.episodes import Episodes
from driftline.experiments.negative_controls import NegativeControls
from driftline.experiments.results import Results
from driftline.safety.measurement import finite
from driftline.safety.novelty import novelty
from driftline.safety.rounds import own_episodes


@dataclass(frozen=True)
class Outcome:
    """One agent of one kind of model, by seed: of its last round.

    ``novelty``: the share of its steps that nobody demonstrated; ``prevalence``: of the
    undesired behaviour; ``observed`` and ``true``: mean returns.
    """

    novelty: tuple[float, ...]
    prevalence: tuple[float, ...]
    observed: tuple[float, ...]
    true: tuple[float, ...]


@dataclass(frozen=True)
class ModelFound:
    """``held_out`` and ``fitted``: negative log-likelihood in nats an action, by seed (less is
    closer), of demonstrations that the model never saw and of those it was fitted to;
    ``demonstrated``: the demonstrators' mean true return; ``controls``: of the model whose
    study has an agent in a world without the exploit."""

    name: str
    held_out: tuple[float, ...]
    fitted: tuple[float, ...]
    demonstrated: float
    agents: dict[str, Outcome]
    controls: NegativeControls | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, null for what is not known."""
        return {
            "name": self.name,
            "held_out_nll": [finite(each) for each in self.held_out],
            "fitted_nll": [finite(each) for each in self.fitted],
            "demonstrated": self.demonstrated,
            "agents": {
                name: {
                    key: [finite(each) for each in getattr(found, key)]
                    for key in ("novelty", "prevalence", "observed", "true")
                }
                for name, found in self.agents.items()
            },
            "negative_controls": None if self.controls is None else self.controls.to_json(),
        }


def found(results: Results, behaviour: str) -> ModelFound:
    """From one study; ``behaviour`` is the one that nobody wants."""
    return ModelFound(
        name=results.config.name,
        held_out=tuple(_nll(each, "action_nll") for each in results.head_records),
        fitted=tuple(_nll(each, "fitted_nll") for each in results.head_records),
        demonstrated=float(np.mean([run.true_returns.mean() for run in results.demonstrations])),
        agents={
            name: _outcome(results.episodes[name], results.demonstrations, behaviour)
            for name in results.agents
        },
        controls=(
            NegativeControls.of(results, behaviour, tuple(results.agents))
            if results.controls
            else None
        ),
    )


def _nll(record: Any, name: str) -> float:
    known = None if record is None else record.get(name)
    return float("nan") if known is None else float(known["mean"])


def _outcome(
    runs: Sequence[Episodes], demonstrations: Sequence[Episodes], behaviour: str
) -> Outcome:
    last = [_last(own_episodes(run)) for run in runs]
    shown = [each.total(each.flags[behaviour].astype(np.float64)) > 0 for each in last]
    pairs = zip(last, demonstrations, strict=True)
    return Outcome(
        novelty=tuple(float(novelty(own, known).mean()) for own, known in pairs),
        prevalence=tuple(float(each.mean()) for each in shown),
        observed=tuple(float(each.observed_returns.mean()) for each in last),
        true=tuple(float(each.true_returns.mean()) for each in last),
    )


def _last(run: Episodes) -> Episodes:
    return run.take(np.flatnonzero(run.rounds == run.rounds.max()))


def association(models: Sequence[ModelFound], agent: str, key: str, to: str) -> float:
    """Spearman's rank correlation of distance from data and an outcome, over models and seeds.

    ``to``: which data, ``"held_out"`` or ``"fitted"``. NaN where either is constant or
    not known.
    """
    pairs = [
        pair
        for model in models
        for pair in zip(getattr(model, to), getattr(model.agents[agent], key), strict=True)
    ]
    x, y = np.array(pairs).T
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return float("nan")
    return float(spearmanr(x[known], y[known]).statistic)
