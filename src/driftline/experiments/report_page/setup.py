"""How the study was run: configuration, thresholds, versions, commands, definitions.

Knows the configuration and the manifest as written before the first step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import driftline
from driftline.experiments.config import AgentConfig
from driftline.experiments.config_json import to_json
from driftline.experiments.lengths import length
from driftline.experiments.report_page.definitions import definitions
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    details,
    element,
    joined,
    pair,
    section,
    table,
    text,
)
from driftline.experiments.report_page.options import options
from driftline.experiments.report_page.taken import taken_over
from driftline.experiments.results import Results
from driftline.experiments.training_steps import training_steps
from driftline.experiments.wording import number
from driftline.safety.measure import AgentMeasures


def setup_section(results: Results, manifest: Mapping[str, Any] | None, folder: str) -> Markup:
    """Everything needed to run the study again, or to measure it again."""
    parts = [
        table(["", ""], _facts(results, manifest), "plain"),
        element("h3", text("Agents")),
        table(["agent", "how it acts and learns", "steps"], _agents(results), "plain"),
        element("h3", text("Commands")),
        element("pre", element("code", text(_commands(results, folder)))),
        element("h3", text("Thresholds, fixed before the first step")),
        details("All thresholds", _plain_table(results.config.thresholds.to_json())),
        json_details("The whole configuration", to_json(results.config)),
    ]
    if manifest is not None:
        parts.append(details("Versions", _plain_table(manifest.get("versions") or {})))
    return section("setup", "How it was run", *parts)


def definitions_section(results: Results) -> Markup:
    """What each measure means."""
    terms = (
        Markup(element("dt", text(name)) + element("dd", text(said)))
        for name, said in definitions(results.config.thresholds).items()
    )
    return section("definitions", "Definitions", element("dl", joined(terms), class_="definitions"))


def _facts(results: Results, manifest: Mapping[str, Any] | None) -> list[list[Markup]]:
    config = results.config
    every = {**results.agents, **results.controls}
    steps = sum(each.environment_steps for each in every.values())
    facts = {
        "Study, budget": f"{config.name}, {config.budget}",
        "Seeds": ", ".join(str(seed) for seed in config.seeds),
        "Rounds": length(config.rounds),
        "Demonstrations": _line(to_json(config.demonstrations)),
        "Environment steps": f"{steps:,} by all agents, {results.demonstrators.environment_steps:,}"
        " by demonstrators",
        "Wall time": f"{number(results.wall_seconds / 60)} minutes",
        "Driftline": driftline.__version__,
    }
    if manifest is not None:
        revision = manifest.get("revision")
        if revision:
            changed = ", with local changes" if revision["dirty"] else ""
            facts["Source revision"] = f"{revision['commit']}{changed}"
        facts |= taken_over(manifest)
        facts["Manifest sha256"] = str(manifest["sha256"])
    return [[text(name), text(value)] for name, value in facts.items()]


def _agents(results: Results) -> list[list[Markup]]:
    every = {**results.agents, **results.controls}
    return [
        [
            agent_name(agent.name),
            text(_learner(agent)),
            pair(*_steps(agent, every[agent.name])),
        ]
        for agent in results.config.agents
        if agent.name in every
    ]


def _steps(agent: AgentConfig, measures: AgentMeasures) -> tuple[str, str]:
    """Recorded steps of all seeds; of a learner from scratch those of its own below."""
    own = training_steps(agent, measures)
    beside = "" if own is None else f"learnt from {own * measures.seeds:,} of its own"
    return f"{measures.environment_steps:,}", beside


def _learner(agent: AgentConfig) -> str:
    """The learner's own settings, in one line."""
    plain = to_json(agent.learner)
    world = " in the world without the exploit" if agent.control else ""
    return f"{plain.pop('kind')}{world}: {_line(plain)}"


def _line(settings: Mapping[str, Any]) -> str:
    said = []
    for name, value in settings.items():
        if name == "kind" or value is None:
            continue
        if isinstance(value, dict):
            kind = value.get("kind", name)
            inner = _line(value)
            said.append(f"{kind}({inner})" if inner else f"{kind}")
        else:
            said.append(f"{name} {value}")
    return ", ".join(said)


def _commands(results: Results, folder: str) -> str:
    config = results.config
    ours = ",".join(agent.name for agent in config.agents if not agent.control)
    return "\n".join(
        [
            f"driftline study {config.name} --budget {config.budget}{options([config])} "
            f"--seeds {len(config.seeds)} --agents {ours} --out {folder}",
            f"driftline measure {folder}   # the same numbers from what was recorded",
            f"driftline report {folder}    # this page",
        ]
    )


def _plain_table(values: Mapping[str, Any]) -> Markup:
    rows = [[element("code", text(name)), text(str(value))] for name, value in values.items()]
    return table(["name", "value"], rows, "plain")


def json_details(summary: str, value: Any) -> Markup:
    """Plain values as indented text that opens on a click."""
    return details(summary, element("pre", element("code", text(json.dumps(value, indent=1)))))
