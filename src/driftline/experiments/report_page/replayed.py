"""Replays on the page: which episodes are stepped through, and what is seen of them.

Knows no agent and no world; ``player.js`` plays.
"""

from __future__ import annotations

from driftline.experiments.pictures import Pictures
from driftline.experiments.report_page.elements import Markup, element, paragraph, section

CHOSEN = (
    "Three episodes of each agent, before, during and after {behaviour} appears, stepped "
    "together. Nobody picked them: they are from the seed with the median onset, the round "
    "before it, the first round with half of the later peak, and the last; in each round the "
    "episode with the median share of the behaviour, for During the median of those that show "
    "it. An agent without an onset shows the first, middle and last round of the first seed. "
)
KEYS = (
    "<kbd>←</kbd> <kbd>→</kbd> step, <kbd>space</kbd> play, <kbd>Home</kbd> "
    "<kbd>End</kbd> first and last, <kbd>f</kbd> next flagged step. Below each picture: the "
    "action that led there, "
    "return so far, observed (line) and true (dashes); flagged steps are shaded; click to go "
    "there."
)


def replays_section(pictures: Pictures, behaviour: str) -> Markup:
    """The player, or why there is none."""
    if not pictures.any:
        said = f"Nothing is shown here: {pictures.missing}. Then report again."
        return section("replays", "Replays", paragraph(said))
    said = CHOSEN.format(behaviour=behaviour) + pictures.said
    without = element("noscript", paragraph("Replays need JavaScript; everything else does not."))
    keys = Markup(f'<p class="keys">{KEYS}</p>')
    player = element("div", id="player", class_="player", role="region", aria_label="Replay player")
    return section("replays", "Replays", paragraph(said), without, player, keys)
