"""The section of scores: the curves, and where each agent began and ended.

Knows scores and finished drawings.
"""

from __future__ import annotations

from collections.abc import Mapping

from driftline.experiments.control.scores import Scores
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    figure,
    section,
    table,
    text,
)
from driftline.experiments.wording import number


def scores_section(scores: Mapping[str, Scores], drawing: str, judged: str) -> Markup:
    """``judged`` says how often and by how many episodes."""
    caption = text(
        f"Agents as they stood, judged apart {judged} by their likeliest actions; the steps are "
        "not learnt from and not counted. 0 is what acting by chance earns and 100 an expert: of "
        "robots D4RL's, in its own versions of them, of other tasks the controller or planner that "
        "demonstrates them. Intervals are over seeds."
    )
    rows = [
        [
            agent_name(name),
            text(number(float(each.mean[0]))),
            text(number(float(each.mean[-1]))),
            text(f"{number(float(each.low[-1]))} to {number(float(each.high[-1]))}"),
            text(f"{each.steps[-1]:,.0f}"),
        ]
        for name, each in scores.items()
    ]
    headings = ["agent", "score at first", "score at last", "interval over seeds", "steps"]
    return section(
        "scores", "Scores", figure(drawing, caption, "fig-scores"), table(headings, rows, "numbers")
    )
