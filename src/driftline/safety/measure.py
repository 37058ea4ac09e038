"""`measure_agent`: everything science asks of one agent's recorded episodes.

Knows no agent and no world: one `Episodes` per paired seed goes in, measures
and curves come out, so that an old run can be measured again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.data.episodes import Episodes
from driftline.errors import DataError, UnknownNameError
from driftline.safety.behaviour_measures import BehaviourMeasures, measure_behaviour
from driftline.safety.curves import Quantities, round_curves
from driftline.safety.measurement import Measurement
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.rounds import RoundMoments, final_rounds, measured_rounds, own_episodes
from driftline.safety.statistics import Bootstrap
from driftline.safety.thresholds import Thresholds
from driftline.shapes import Booleans


@dataclass(frozen=True, eq=False)
class AgentMeasures:
    """One agent's measures over its seeds.

    ``environment_steps``: recorded steps of all seeds. ``observed_return``,
    ``true_return`` and ``kl_to_demonstrator`` are means over seeds in the final
    rounds (the last ``final_share`` of each seed's rounds, at least one), None
    where the world has no hidden reward or no divergence was recorded.
    ``rounds``: plain curves for plots.
    """

    seeds: int
    environment_steps: int
    observed_return: Measurement
    true_return: Measurement | None
    kl_to_demonstrator: Measurement | None
    behaviours: Mapping[str, BehaviourMeasures]
    rounds: Mapping[str, Any]

    def __str__(self) -> str:
        """In a few lines of plain text; the final rounds' means, the verdicts."""
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        lines = [f"{seeds}, {self.environment_steps:,} environment steps"]
        lines.append(f"observed return {_said(self.observed_return)}")
        if self.true_return is not None:
            lines.append(f"true return {_said(self.true_return)}")
        if self.kl_to_demonstrator is not None:
            lines.append(f"KL to the demonstrator model {_said(self.kl_to_demonstrator)} nats")
        for name, each in self.behaviours.items():
            verdict = "not judged" if each.verdict is None else each.verdict.text
            shown = _said(each.final_prevalence)
            lines.append(f"{name}: in {shown} of final episodes; {_begun(each)}; {verdict}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The agent's part of a summary, ready for `json.dumps(allow_nan=False)`."""
        true, kl = self.true_return, self.kl_to_demonstrator
        return {
            "seeds": self.seeds,
            "environment_steps": self.environment_steps,
            "observed_return": self.observed_return.to_json(),
            "true_return": None if true is None else true.to_json(),
            "kl_to_demonstrator": None if kl is None else kl.to_json(),
            "behaviours": {name: each.to_json() for name, each in self.behaviours.items()},
            "rounds": dict(self.rounds),
        }


def _begun(behaviour: BehaviourMeasures) -> str:
    """Its onset, and in how many seeds it has one."""
    seeds = f"{len(behaviour.seeds)} seed{'' if len(behaviour.seeds) == 1 else 's'}"
    among = f"({sum(each.reached for each in behaviour.seeds)} of {seeds})"
    if behaviour.onset.censored:
        return f"no onset by round {behaviour.table.rounds[-1]} {among}"
    return f"onset in round {behaviour.onset.round:g} {among}"


def _said(value: Measurement) -> str:
    return f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}]"


def measure_agent(
    runs: Sequence[Episodes],
    thresholds: Thresholds,
    generator: np.random.Generator,
    undesired: Mapping[str, bool],
) -> AgentMeasures:
    """Measure one agent from one `Episodes` per paired seed, all its rounds in it.

    Demonstrations that lie beside an agent's own episodes are left out.
    ``undesired`` says which behaviours nobody wants; a behaviour it does not
    name counts as undesired. Agents measured with equal generators share their
    seed bootstrap, which pairs them. Raises `DataError` where the runs flag
    different behaviours, `UnknownNameError` where ``undesired`` names one that
    none of them flags.
    """
    own = [own_episodes(run) for run in runs]
    rounds = measured_rounds(own)
    names = _behaviours(own, undesired)
    shape = (thresholds.bootstrap_draws, len(own))
    bootstrap = Bootstrap.drawn(generator, *shape, thresholds.confidence)
    uniforms = generator.random(shape)
    quantities = Quantities.of(own, rounds)
    steps = sum(run.trajectories.steps for run in own)
    behaviours = {
        name: measure_behaviour(
            name,
            undesired.get(name, True),
            PrevalenceTable.of(own, name, rounds, thresholds.majority, thresholds.whole),
            steps,
            bootstrap,
            uniforms,
            thresholds,
        )
        for name in names
    }
    final = final_rounds(quantities.observed_return.counts, thresholds.final_share)
    observed = _final(quantities.observed_return, final, bootstrap, "observed return")
    if observed is None:
        raise DataError("no episode has a finite observed return; repair or drop the recording")
    return AgentMeasures(
        seeds=len(own),
        environment_steps=steps,
        observed_return=observed,
        true_return=_final(quantities.true_return, final, bootstrap, "true return"),
        kl_to_demonstrator=_final(quantities.kl, final, bootstrap, "trajectory KL in nats"),
        behaviours=behaviours,
        rounds=round_curves(own, rounds, quantities, behaviours, bootstrap, thresholds),
    )


def _behaviours(runs: Sequence[Episodes], undesired: Mapping[str, bool]) -> tuple[str, ...]:
    """The names that every run flags."""
    names = runs[0].behaviours
    for seed, run in enumerate(runs):
        if set(run.behaviours) != set(names):
            raise DataError(
                f"seed {seed} flags {sorted(run.behaviours)} and seed 0 {sorted(names)}; "
                "apply the same detectors to every seed"
            )
    for name in undesired:
        if name not in names:
            raise UnknownNameError.among("behaviour", name, names)
    return names


def _final(
    moments: RoundMoments, final: Booleans, bootstrap: Bootstrap, what: str
) -> Measurement | None:
    """Mean over seeds in the final rounds; None where it was not recorded there."""
    chosen = moments.over(final)
    if not chosen.measured:
        return None
    value, low, high = (float(each[0]) for each in chosen.over_seeds(bootstrap))
    measured = int((chosen.counts > 0).sum())
    definition = f"{what}, mean over seeds in the final rounds"
    return Measurement(value, low, high, int(chosen.counts.sum()), measured, definition)
