"""Figures: the same everywhere, following the page's colours, and the same bytes twice."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pytest

from driftline.experiments.figures.hero import hero
from driftline.experiments.figures.look import LOOKS, STEPS, look
from driftline.experiments.figures.return_head import pooled
from driftline.experiments.figures.svg import Rendered, inline, render, variable, variables
from driftline.experiments.names import AGENTS, CONTROL
from tests.experiments.synthetic import NEVER, RISING, study

RESULTS = study({"gm": NEVER, "ogm-quantile": RISING})


@pytest.fixture(scope="module")
def drawn() -> Rendered:
    """One figure, drawn."""
    return render(hero(RESULTS))


def test_every_agent_has_a_look_of_its_own() -> None:
    names = {*AGENTS, CONTROL, "demonstrators"}
    assert names <= set(LOOKS)
    assert len({each.shade.light for each in LOOKS.values()}) == len(LOOKS)
    for together in (names, set(LOOKS) - names):  # agents and targets share no figure
        looks = [LOOKS[name] for name in together]
        assert len({(each.mark, each.dash) for each in looks}) == len(looks)


def test_steps_are_told_apart_and_from_every_agent() -> None:
    shades = {*(each.light for each in STEPS), *(each.shade.light for each in LOOKS.values())}
    assert len(shades) == len(STEPS) + len(LOOKS)


def test_pooled_bins_keep_the_means_of_all_outcomes() -> None:
    draw = np.random.default_rng(0)
    predicted, observed, outcomes = draw.random(40), draw.random(40), np.full(40, 5.0)
    first, second = pooled(predicted, observed, outcomes)
    assert (np.diff(first) > 0).all()
    held = np.bincount((predicted * 10).astype(int), minlength=10)
    held = held[held > 0]
    assert first @ held / 40 == pytest.approx(predicted.mean())
    assert second @ held / 40 == pytest.approx(observed.mean())


def test_a_stranger_always_looks_the_same() -> None:
    assert look("a stranger") == look("a stranger")
    assert variable("a stranger").removeprefix("var(--").removesuffix(")") in variables()


def test_an_inline_figure_has_no_colour_of_its_own(drawn: Rendered) -> None:
    text = inline(drawn, "one", "what it shows")
    fixed = set(re.findall(r"#[0-9a-f]{6}\b", text))
    assert not fixed & {each.light for each in variables().values()}
    assert set(re.findall(r"var\(--([a-z-]+\d?)\)", text)) <= set(variables())


def test_two_inline_figures_share_no_identifier(drawn: Rendered) -> None:
    found = [set(re.findall(r' id="([^"]*)"', inline(drawn, name, ""))) for name in ("one", "two")]
    assert found[0]
    assert not found[0] & found[1]


def test_a_description_cannot_break_the_page(drawn: Rendered) -> None:
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in inline(drawn, "one", 'a "b" <c>')


def test_drawing_twice_gives_the_same_bytes(drawn: Rendered) -> None:
    assert render(hero(RESULTS)) == drawn


def test_drawing_leaves_matplotlib_s_settings_alone() -> None:
    before = dict(matplotlib.rcParams)
    render(hero(RESULTS))
    assert dict(matplotlib.rcParams) == before
