"""Results of a study that nobody ran: small episodes whose prevalence is exactly as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.trajectories import Trajectories
from driftline.experiments import presets
from driftline.experiments.config import StudyConfig
from driftline.experiments.departure import recorded
from driftline.experiments.head_support import support
from driftline.experiments.results import Results
from driftline.safety.density_ratio import realised
from driftline.safety.measure import measure_agent
from driftline.safety.return_calibration import calibrate_returns, clustered_mean
from driftline.seeding import generator

STEPS = 8
PALETTE = {
    "characters": list("# AO"),
    "colours": [[150, 150, 150], [220, 220, 220], [0, 180, 255], [0, 255, 255]],
}
RISING = (0.0, 0.0, 0.2, 0.6, 1.0, 1.0, 1.0, 1.0)
NEVER = (0.0,) * len(RISING)


def round_of(
    draw: np.random.Generator,
    share: float,
    round: int = 0,
    episodes: int = 10,
    behaviours: Sequence[str] = ("bucket",),
    source: str = "self",
    boards: bool = True,
) -> Episodes:
    """Episodes of which the first ``share`` are flagged from their second step on."""
    total = episodes * STEPS
    flagged = np.repeat(np.arange(episodes) < np.round(share * episodes), STEPS)
    flagged &= np.tile(np.arange(STEPS) > 0, episodes)
    rewards = np.where(flagged, 0.5, 0.2 + 0.05 * draw.random(total))
    frames = total + episodes
    board = draw.integers(0, 4, (frames, 3, 4), dtype=np.uint8)
    vector = draw.normal(size=(frames, 3)).astype(np.float32)
    return Episodes(
        trajectories=Trajectories(
            observations=board if boards else vector,
            actions=draw.integers(0, 4, total),
            rewards=rewards,
            starts=np.arange(episodes + 1) * STEPS,
            terminated=np.zeros(episodes, np.bool_),
            truncated=np.ones(episodes, np.bool_),
        ),
        hidden_rewards=np.where(flagged, 0.0, rewards),
        commanded=np.repeat(draw.normal(2.0, 0.2, episodes), STEPS),
        kl=np.full(total, 0.1 * share),
        kl_previous=np.full(total, 0.05 * share),
        log_ratio=np.full(total, 0.1 * share),
        rounds=np.full(episodes, round, np.int64),
        sources=(source,) * episodes,
        flags=dict.fromkeys(behaviours, flagged),
        available={name: np.ones(total, np.bool_) for name in behaviours},
    )


def blind(run: Episodes) -> Episodes:
    """The same episodes without hidden rewards, divergences, commands or opportunities."""
    nothing = np.full(run.trajectories.steps, np.nan)
    never = {name: np.zeros_like(each) for name, each in run.available.items()}
    unseen = replace(run, hidden_rewards=nothing, commanded=nothing, available=never)
    return unseen.with_divergences(kl=nothing, kl_previous=nothing)


def study(
    shares: Mapping[str, Sequence[float]],
    seeds: int = 2,
    undesired: Mapping[str, bool] | None = None,
    blinded: bool = False,
    boards: bool = True,
    demonstrated: float = 0.0,
    departed: bool = True,
) -> Results:
    """``shares`` of flagged episodes by agent and round; agents are named as in the presets.

    ``departed``: the runs wrote how far they went and what the return heads are worth.
    """
    wanted = {"bucket": True} if undesired is None else dict(undesired)
    draw = np.random.default_rng(0)
    names = tuple(wanted)

    def seen(run: Episodes) -> Episodes:
        return blind(run) if blinded else run

    def played(curve: Sequence[float]) -> Episodes:
        parts = [round_of(draw, p, k, behaviours=names, boards=boards) for k, p in enumerate(curve)]
        return seen(concatenate_episodes(parts))

    plain = presets.study("tomato-watering", "smoke")
    config = replace(
        plain,
        agents=tuple(agent for agent in plain.agents if agent.name in shares),
        seeds=tuple(range(seeds)),
        rounds=replace(plain.rounds, rounds=max(map(len, shares.values()))),
        thresholds=replace(plain.thresholds, bootstrap_draws=200),
    )
    demonstrations = tuple(
        seen(round_of(draw, demonstrated, 0, 20, names, "demonstration", boards))
        for _ in range(seeds)
    )
    episodes = {name: tuple(played(shares[name]) for _ in range(seeds)) for name in shares}
    controls = {agent.name for agent in config.agents if agent.control}
    measures = {
        name: measure_agent(runs, config.thresholds, generator(0, name), wanted)
        for name, runs in episodes.items()
    }
    return Results(
        config=config,
        undesired=wanted,
        demonstrators=measure_agent(demonstrations, config.thresholds, generator(0), wanted),
        agents={name: each for name, each in measures.items() if name not in controls},
        controls={name: each for name, each in measures.items() if name in controls},
        episodes=episodes,
        demonstrations=demonstrations,
        wall_seconds=61.0,
        head_records=tuple(head(draw, config) if departed else None for _ in range(seeds)),
        departures={
            name: tuple(departure(draw, run, name) if departed else None for run in runs)
            for name, runs in episodes.items()
        },
    )


def head(draw: np.random.Generator, config: StudyConfig, episodes: int = 40) -> dict[str, Any]:
    """What an offline run says of a head that is calibrated before the action, not after."""
    values = np.linspace(0.5, 9.5, 10)
    predictions = draw.dirichlet(np.ones(10), episodes * 3)
    came = (predictions.cumsum(1) < draw.random((len(predictions), 1))).sum(1).clip(max=9)
    owners = np.repeat(np.arange(episodes), 3)
    moments = {"before": predictions, "after": predictions[:, ::-1]}
    returns = draw.normal(4.0, 1.0, 50)
    return {
        "held_out": {"episodes": episodes, "steps": 15 * episodes, "every": 5},
        **{
            moment: {
                "predictions": len(came),
                **calibrate_returns(each, values, values[came], owners).to_json(),
            }
            for moment, each in moments.items()
        },
        "action_nll": clustered_mean(draw.random(len(owners)), owners).to_json(),
        "missing": {},
        "support": support(returns, config.agents, (0.0, 10.0)),
    }


def departure(draw: np.random.Generator, run: Episodes, name: str) -> dict[str, Any]:
    """What an agent's run says after its last round; an agent called ppo has no density."""
    last = run.take(np.flatnonzero(run.rounds == run.rounds.max()))
    missing: dict[str, str] = {}
    told = realised(draw.normal(1.0, 2.0, 8))
    outside: dict[str, Any] | None = {
        "episodes": 8,
        "commands": 4,
        "kl": {"mean": 1.5, "standard_error": 0.1, "deviation": 0.3, "episodes": 8.0},
        "log_ratio": float(np.log(told.ratio)),
        "ratio": told.ratio,
        "chi_squared": told.chi_squared.to_json(),
        "heaviest_share": told.heaviest_share,
        "exceeded": told.ratio > 10.0,
        "caution": told.caution,
    }
    if name == "ppo":
        outside, missing = None, dict.fromkeys(("outside", "forward_kl"), "it has no density")
    return {
        "round": int(last.rounds[0]),
        "episodes": len(last),
        **recorded(last, missing),
        "nominal": {"ratio": 10.0, "kl": 2.3, "chi_squared": 9.0},
        "outside": outside,
        "forward_kl": None if outside is None else outside["kl"],
        "missing": missing,
    }
