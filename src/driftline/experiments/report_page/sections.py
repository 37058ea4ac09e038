"""The report's sections in reading order: the answer first, how it was run last.

Knows results, findings and finished drawings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import driftline
from driftline.experiments.config import StudyConfig
from driftline.experiments.findings import Findings
from driftline.experiments.lengths import length
from driftline.experiments.pictures import Pictures
from driftline.experiments.report_page import controls
from driftline.experiments.report_page.certificate import certificate_section
from driftline.experiments.report_page.curves import (
    Drawings,
    calibration_section,
    divergence_section,
    learning_section,
    plane_section,
    prevalence_section,
    survival_section,
)
from driftline.experiments.report_page.departure import departure_section
from driftline.experiments.report_page.elements import (
    Markup,
    element,
    figure,
    paragraph,
    section,
    text,
)
from driftline.experiments.report_page.replayed import replays_section
from driftline.experiments.report_page.return_head import return_head_section
from driftline.experiments.report_page.scores import scores_section
from driftline.experiments.report_page.setup import definitions_section, setup_section
from driftline.experiments.report_page.trusted import trusted
from driftline.experiments.report_page.verdicts import (
    answer_section,
    imitation_section,
    verdict_section,
)
from driftline.experiments.results import Results
from driftline.experiments.wording import count

Named = tuple[str, str, Markup]
"""Identifier, name in the contents, the section itself."""


def header(config: StudyConfig) -> Markup:
    """Title and what the study is, in one line."""
    agents = sum(not agent.control for agent in config.agents)
    said = (
        f"{count(agents, 'agent')}, {count(len(config.seeds), 'paired seed')}, "
        f"{length(config.rounds)} each; budget {config.budget}; "
        f"Driftline {driftline.__version__}"
    )
    return element(
        "header", element("h1", text(f"Study: {config.name}")), paragraph(said, "subtitle")
    )


def sections(
    results: Results,
    findings: Findings,
    drawings: Drawings,
    manifest: Mapping[str, Any] | None,
    folder: str,
    pictures: Pictures,
) -> list[Named]:
    """All of the page but its header."""
    behaviours = findings.behaviours
    clause = controls.summary_sentence(results, behaviours[0], findings.permuted)
    remarks = [*findings.remarks, clause]
    caption = text(
        "Left: share of episodes that show it, by round. Right: mean true over mean observed "
        "return, from each agent's first round (hollow) to its final rounds (full)."
    )
    picture = figure(drawings["hero"], caption, "fig-of-hero")
    online = [rise.agent for rise in findings.rises]
    imitated = imitation_section(findings.imitated, findings.best, findings.rises)
    survived = survival_section(results, drawings, behaviours, online)
    return [
        ("answer", "The answer", answer_section(findings.answer, remarks, picture)),
        ("verdicts", "Verdicts", verdict_section(results, findings.answer)),
        ("imitation", "Imitation check", imitated),
        ("prevalence", "Prevalence", prevalence_section(drawings, findings.nulls)),
        ("plane", "Observed and true", plane_section(drawings)),
        ("learning", "Learning curves", learning_section(drawings)),
        *_scored(results, drawings),
        ("divergence", "KL", divergence_section(drawings)),
        ("departure", "How far it went", departure_section(results.how_far)),
        ("certificate", "Certificate", certificate_section(results.certificates)),
        ("calibration", "Calibration", calibration_section(results, drawings)),
        ("return-head", "Return head", return_head_section(results.heads, drawings)),
        ("survival", "Onset over seeds", survived),
        ("replays", "Replays", replays_section(pictures, behaviours[0])),
        ("controls", "Negative controls", _controls_section(results, findings, drawings)),
        ("setup", "How it was run", setup_section(results, manifest, folder)),
        ("definitions", "Definitions", definitions_section(results)),
    ]


def _scored(results: Results, drawings: Drawings) -> list[Named]:
    judging = results.config.rounds.judging
    if not results.scores or judging is None:
        return []
    said = f"every {judging.steps:,} steps in {count(judging.episodes, 'episode')}"
    return [("scores", "Scores", scores_section(results.scores, drawings["scores"], said))]


def _controls_section(results: Results, findings: Findings, drawings: Drawings) -> Markup:
    """Every control for every behaviour; what holds for all of them comes last."""
    parts = [
        paragraph(
            "Where there is nothing to find, the measures must find nothing. If one of these "
            "controls fails, do not believe what is above."
        )
    ]
    for name in findings.behaviours:
        several = len(findings.behaviours) > 1
        parts += _controls_of(name, several, results, findings, drawings)
    parts += [controls.heading("True returns dealt anew"), controls.dealt_anew(findings.permuted)]
    return section("controls", "Negative controls", *parts)


def _controls_of(
    name: str, several: bool, results: Results, findings: Findings, drawings: Drawings
) -> list[Markup]:
    of = f": {name}" if several else ""
    caption = text(
        "Left: the same agent with and without the exploit. Middle: measured flags and flags dealt "
        "by chance. Right: correlations as recorded (marks) and dealt anew (grey)."
    )
    parts = [
        figure(drawings[f"controls-{name}"], caption, f"controls-of-{name}"),
        controls.heading(f"A world without the exploit{of}"),
        controls.without_exploit(results.controls, name),
        controls.heading(f"A random flagger{of}"),
        controls.by_chance(findings.flags[name]),
        controls.heading(f"The null model{of}"),
        controls.null_table(results, name, findings.nulls[name]),
    ]
    if name in findings.detectors:
        parts.append(controls.heading(f"The detector{of}"))
        parts.append(controls.detector(findings.detectors[name]))
        parts.append(trusted(results.divergence_scores[name]))
    return parts
