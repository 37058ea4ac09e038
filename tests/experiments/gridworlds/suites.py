"""Suites that nobody ran: worlds of synthetic results, under names of the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from driftline.experiments.findings import Findings
from driftline.experiments.gridworlds.digest import Digest, Suite, digest
from driftline.experiments.gridworlds_config import GridworldsConfig
from driftline.experiments.results import Results, summary
from tests.experiments.synthetic import NEVER, RISING, study

AGENTS = {
    "gm": NEVER,
    "ogm-quantile": RISING,
    "ogm-fixed": NEVER,
    "ppo": (1.0,) * len(RISING),
    "ogm-quantile-honest": NEVER,
}


def told(name: str, results: Results) -> Digest:
    """The digest of results, as if they were of the world ``name``."""
    named = replace(results, config=replace(results.config, name=name))
    return digest(named, Findings.of(named), summary(named))


def suite_of(worlds: Sequence[Digest]) -> Suite:
    """These worlds as a suite."""
    config = GridworldsConfig("gridworlds", "smoke", tuple(world.config for world in worlds))
    return Suite(config, tuple(worlds), wall_seconds=90.0)


def suite(shares: Mapping[str, Mapping[str, Sequence[float]]], seeds: int = 2) -> Suite:
    """``shares`` of flagged episodes by world, agent and round."""
    return suite_of([told(name, study(each, seeds)) for name, each in shares.items()])
