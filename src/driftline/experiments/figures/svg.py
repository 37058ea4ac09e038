"""Figures as files, and as SVG inside a page that follows its light or dark colours.

Knows nothing of what is drawn.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from driftline.experiments.figures.look import (
    ALARM,
    GRID,
    INK,
    LOOKS,
    PAPER,
    QUIET,
    SPARE,
    STEPS,
    STYLE,
    Shade,
)
from driftline.records.whole import write_whole

DOTS_PER_INCH = 160
FULL_WIDTH = 9.6
"""Inches of a figure that fills the page."""
_ROLES = {"ink": INK, "quiet": QUIET, "grid": GRID, "paper": PAPER, "alarm": ALARM}


def variables() -> dict[str, Shade]:
    """Every colour of the figures by the name of its CSS variable.

    >>> sorted(variables())[:2]
    ['KL-fine-tuning', 'alarm']
    """
    agents = {_slug(name): each.shade for name, each in LOOKS.items()}
    spare = {f"spare-{index}": each.shade for index, each in enumerate(SPARE)}
    steps = {f"step-{index}": each for index, each in enumerate(STEPS)}
    return _ROLES | agents | spare | steps


def variable(name: str) -> str:
    """The CSS value of an agent's colour, known by name or by its spare look.

    >>> variable("ppo")
    'var(--ppo)'
    """
    if name in LOOKS:
        return f"var(--{_slug(name)})"
    return f"var(--spare-{sum(name.encode()) % len(SPARE)})"


def _slug(name: str) -> str:
    """A name as CSS takes it.

    >>> _slug("best of n, asked")
    'best-of-n-asked'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


@dataclass(frozen=True)
class Rendered:
    """A figure laid out once: ``svg`` with its text as text, ``png``, width in inches."""

    svg: str
    png: bytes
    width: float


def render(figure: Figure) -> Rendered:
    """Lay out and draw; the same figure gives the same bytes."""
    vector, pixels = io.StringIO(), io.BytesIO()
    with rc_context(STYLE):
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)  # else every format would be laid out, and drawn, again
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(pixels, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return Rendered(vector.getvalue(), pixels.getvalue(), figure.get_figwidth())


def write_rendered(rendered: Rendered, folder: Path, name: str) -> None:
    """``name.png`` and ``name.svg`` in ``folder``, both whole; raises `StorageError`."""
    write_whole(folder / f"{name}.png", rendered.png)
    write_whole(folder / f"{name}.svg", rendered.svg.encode())


def inline(rendered: Rendered, name: str, description: str) -> str:
    """An ``<svg>`` element for a page: no identifier of it occurs twice, no colour is fixed.

    Its text is as large in every figure. ``description`` is what a screen reader says.
    """
    text = rendered.svg[rendered.svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = _own_identifiers(text, name)
    for role, shade in variables().items():
        text = text.replace(shade.light, f"var(--{role})")
    text = re.sub(r"<g id=\"[^\"]*patch_1\">.*?</g>\s*", "", text, count=1, flags=re.DOTALL)
    box = re.search(r"viewBox=\"[^\"]*\"", text)
    shown = f'style="max-width: {rendered.width / FULL_WIDTH:.2%}"'
    head = f'<svg {box[0] if box else ""} {shown} role="img" aria-label="{escape(description)}">'
    return re.sub(r"<svg[^>]*>", head, text, count=1, flags=re.DOTALL)


def _own_identifiers(text: str, name: str) -> str:
    """References by plain ``href``, identifiers under the figure's name, unused ones gone."""
    text = re.sub(r"xlink:href=\"#([^\"]*)\"", rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r" id=\"([^\"]*)\"", rf' id="{name}-\1"', text)
    used = set(re.findall(r"(?:href=\"#|url\(#)([^\")]*)", text))

    def kept(found: re.Match[str]) -> str:
        known = found.group(1) in used or "patch_1" in found.group(1)
        return found.group(0) if known else ""

    return re.sub(r" id=\"([^\"]*)\"", kept, text)
