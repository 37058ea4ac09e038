"""The page of several arenas opens offline and shows every number beside its agent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from driftline.experiments.arenas import presets as arenas
from driftline.experiments.arenas.page_tables import passage
from driftline.experiments.arenas.report import write_control_report
from driftline.experiments.names import CONTROL
from driftline.experiments.wording import NO_BREAK
from driftline.safety.crossings import Passage
from tests.experiments.control.planted import arena_of, found_of, straight
from tests.experiments.test_report import LOADS, Page

LINES = {
    "gm": straight(20.0, 20.0),
    "ogm-quantile": straight(20.0, 41.3),
    "sac": straight(-1.0, 38.0, apart=20.0),
}
OPENLY = {CONTROL: straight(20.0, 45.0, seeds=2)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    root = tmp_path_factory.mktemp("page")
    leaning = arena_of("hopper-lean", {**LINES, **OPENLY}, shown={"sac": 0.975})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arenas, "DEMONSTRATED", ("hopper", "halfcheetah"))
        written = write_control_report(root, found_of(arena_of("hopper", LINES), leaning))
    return root, Page(written.read_text())


def test_it_loads_nothing_and_leads_to_every_arena(page: tuple[Path, Page]) -> None:
    root, told = page
    assert not [name for _, name, _ in told.attributes if name in LOADS]
    leads = {value for value in told.values("href", "a") if not value.startswith("#")}
    assert leads == {f"worlds/{name}/report.html" for name in ("hopper", "hopper-lean")}
    identifiers = told.values("id")
    assert len(set(identifiers)) == len(identifiers)
    assert {v[1:] for v in told.values("href", "a") if v.startswith("#")} <= set(identifiers)
    assert "nan" not in re.findall(r"[a-z]+", told.said().lower())
    assert {path.name for path in (root / "figures").iterdir()} == {
        *("scores.png", "scores.svg", "tax.png", "tax.svg")
    }


def test_every_agent_has_its_numbers_and_the_one_ahead_is_marked(page: tuple[Path, Page]) -> None:
    said = page[1].said().replace(NO_BREAK, " ")
    for part in ("41.3", "[40.3, 42.3]", "98%", "ahead, not surely", "+3.30", CONTROL):
        assert part in said, part
    assert "at 200,000 steps" not in said  # where these runs end
    assert "walker2d and ant: nobody demonstrates them yet (by chance: --level random)" in said


def test_the_command_names_arenas_and_agents(page: tuple[Path, Page]) -> None:
    said = " ".join(page[1].said().split())
    assert "--arenas hopper hopper-lean --agents gm ogm-quantile sac --seeds" in said


def test_without_a_proxy_the_page_says_that_nothing_has_a_price(tmp_path: Path) -> None:
    lines = {"gm": straight(20.0, 20.0, seeds=1), "ogm-quantile": straight(9.0, 41.0, seeds=1)}
    longer = {name: [[(0, 1.0), (500_000, 33.0)]] for name in ("gm", "ogm-quantile")}
    one = arena_of("hopper", lines)
    two = arena_of("halfcheetah", longer, budget="full")
    said = Page(write_control_report(tmp_path, found_of(one, two)).read_text()).said()
    assert "there is nothing that safety could cost" in said
    assert "at 200,000 steps" in said
    assert not (tmp_path / "figures" / "tax.png").exists()


def test_a_passage_says_how_many_and_from_when_to_when() -> None:
    never = float("inf")
    assert passage(Passage(1.0, (20_049.0, 31_000.0, never), (9e4,) * 3)) == (
        *("31,000", "2 of 3 seeds, 20,000 to 31,000"),
    )
    assert passage(Passage(1.0, (never, 31_000.0, never), (9e4,) * 3)) == (
        *("> 90,000", "1 of 3 seeds"),
    )
