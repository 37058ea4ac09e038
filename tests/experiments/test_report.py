"""The report opens offline, says what was measured, and survives whatever was not."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.environments.drawing import Drawing, Link
from driftline.experiments.pictures import Pictures
from driftline.experiments.report import write_report
from driftline.experiments.results import Results
from driftline.experiments.wording import NO_BREAK
from tests.experiments.synthetic import NEVER, PALETTE, RISING, study

VOID = {"meta", "link", "br", "img", "input", "hr", "col"}
LOADS = {"src", "srcset", "poster", "data", "action", "formaction", "xlink:href"}
SECTIONS = [
    *("answer", "verdicts", "imitation", "prevalence", "plane", "learning", "divergence"),
    *("departure", "certificate", "calibration", "return-head"),
    *("survival", "replays", "controls", "setup", "definitions"),
]


class Page(HTMLParser):
    """What a page consists of; fails where its tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def values(self, name: str, tag: str | None = None) -> list[str]:
        """Every value of an attribute."""
        return [v for t, n, v in self.attributes if n == name and tag in (None, t)]

    def said(self) -> str:
        """All text that a reader sees."""
        return " ".join(data for tag, data in self.texts if tag not in ("script", "style"))


def written(root: Path, results: Results) -> tuple[str, Page]:
    """A report's text and its parts."""
    text = write_report(root, results, Pictures(PALETTE)).read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results, str, Page]:
    """A study in which OGM rises, fine-tuning jumps and the others stay."""
    results = study(
        {
            "gm": NEVER,
            "ogm-quantile": RISING,
            "finetune": (0.0, 0.0, *(1.0,) * 6),
            "ogm-quantile-honest": NEVER,
        },
        seeds=3,
    )
    root = tmp_path_factory.mktemp("usual")
    return root, results, *written(root, results)


def test_loads_nothing(usual: tuple[Path, Results, str, Page]) -> None:
    _, _, text, page = usual
    assert not [each for each in page.attributes if each[1] in LOADS]
    assert all(each == "data:," or each.startswith("#") for each in page.values("href"))
    assert all(each.startswith("#") for each in re.findall(r"url\(\s*['\"]?([^)'\"]*)", text))
    for call in ("@import", "fetch(", "XMLHttpRequest", "WebSocket", "import("):
        assert call not in text


def test_identifiers_are_unique_and_references_meet(
    usual: tuple[Path, Results, str, Page],
) -> None:
    _, _, text, page = usual
    identifiers = page.values("id")
    assert len(identifiers) == len(set(identifiers))
    wanted = {each[1:] for each in page.values("href") if each.startswith("#")}
    wanted |= {each[1:] for each in re.findall(r"url\(([^)]*)\)", text)}
    assert wanted <= set(identifiers)


def test_sections_stand_in_reading_order(usual: tuple[Path, Results, str, Page]) -> None:
    _, _, _, page = usual
    assert page.values("id", "section") == SECTIONS
    assert [each[1:] for each in page.values("href", "a")][-len(SECTIONS) :] == SECTIONS


def test_says_what_was_measured(usual: tuple[Path, Results, str, Page]) -> None:
    _, results, _, page = usual
    said = page.said()
    for name in [*results.agents, *results.controls]:
        assert name in said
    assert "had an onset of “bucket”" in said
    onset = results.agents["ogm-quantile"].behaviours["bucket"].onset.round
    assert f"Begins in round {onset:g} " in said
    assert "null model of ogm-quantile" in said


def test_what_was_not_seen_has_a_limit_and_is_not_called_safe(
    usual: tuple[Path, Results, str, Page],
) -> None:
    _, results, _, page = usual
    words = page.said()
    high = 100 * results.agents["gm"].behaviours["bucket"].final_prevalence.high
    assert f"at most {high:.2g}%" in words
    assert not re.search(r"\b(is|are|was|proven|looks?) safe\b", words)


def test_replays_hold_every_agent_three_times(usual: tuple[Path, Results, str, Page]) -> None:
    _, results, text, _ = usual
    found = re.search(r'id="replay-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert data["palette"] == PALETTE
    assert data["first"] == "ogm-quantile"
    assert [each["name"] for each in data["agents"]] == [*results.agents, *results.controls]
    for agent in data["agents"]:
        assert len(agent["episodes"]) == 3
        for episode in agent["episodes"]:
            assert len(episode["actions"]) == len(episode["rewards"]) == len(episode["changes"])
            assert len(episode["first"]) == 12


def test_says_how_far_agents_went_and_what_is_certified(
    usual: tuple[Path, Results, str, Page],
) -> None:
    _, results, text, page = usual
    said = page.said().replace(NO_BREAK, " ")
    went = results.how_far["ogm-quantile"]
    assert went is not None
    assert f"promised 10, above in {went.exceeded}/3 seeds" in said
    assert "the best certified quantilizer keeps a share of 0.02" in said
    assert "5 of 50 demonstrations carry" in said
    assert "Not recorded" not in text


def test_a_study_of_an_older_version_says_what_was_not_recorded(tmp_path: Path) -> None:
    _, page = written(tmp_path, study({"gm": NEVER, "ogm-quantile": RISING}, departed=False))
    assert page.said().count("Not recorded:") == 2


def test_figures_are_files_too(usual: tuple[Path, Results, str, Page]) -> None:
    root, _, text, _ = usual
    names = ["hero", "plane", "learning", "divergence", "calibration", "return-head"]
    names += ["prevalence-bucket", "survival-bucket", "controls-bucket"]
    for name in names:
        assert (root / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        vector = (root / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        assert "<svg" in vector
        assert "<text" in vector
    assert text.count('<svg viewBox="') == len(names)


def test_the_same_results_give_the_same_files(
    usual: tuple[Path, Results, str, Page], tmp_path: Path
) -> None:
    root, results, _, _ = usual
    again = tmp_path / root.name
    write_report(again, results, Pictures(PALETTE))
    files = sorted(each for each in root.rglob("*") if each.is_file())
    assert len(files) == 19
    for each in files:
        assert (again / each.relative_to(root)).read_bytes() == each.read_bytes(), each.name


UNUSUAL: dict[str, Callable[[], Results]] = {
    "one round of one seed, and nothing recorded but rewards": lambda: study(
        {"ogm-quantile": (0.3,)}, seeds=1, blinded=True, boards=False
    ),
    "no onset anywhere, without controls": lambda: study({"gm-quantile": NEVER, "ppo": NEVER}),
    "nothing undesired, two behaviours": lambda: study(
        {"ogm-fixed": RISING, "finetune-kl": RISING}, undesired={"waters": False, "rests": False}
    ),
    "half of the seeds, one undesired": lambda: study(
        {"ogm-quantile": (1.0, 1.0, 1.0)}, undesired={"bucket": True, "waters": False}, seeds=2
    ),
    "only a control": lambda: study({"ogm-quantile-honest": RISING}),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_studies_have_reports(name: str, tmp_path: Path) -> None:
    text, page = written(tmp_path, UNUSUAL[name]())
    assert page.values("id", "section") == SECTIONS
    assert "NaN" not in text
    assert not re.search(r"\bnan\b", page.said())
    assert not re.search(r"\bNone\b(?! of the)", page.said())


def test_where_there_is_nothing_to_show_the_page_says_why(tmp_path: Path) -> None:
    results = study({"gm": NEVER}, boards=False)
    why = "hopper is simulated by mujoco, which is not installed"
    without = Page(write_report(tmp_path, results, Pictures(missing=why)).read_text())
    assert why in without.said()
    assert "player" not in without.values("id")


def test_bodies_are_played_without_boards(tmp_path: Path) -> None:
    results = study({"gm": NEVER}, boards=False)

    def drawn(observations: Any) -> Drawing:
        places = np.zeros((len(observations), 1, 2))
        return Drawing(places, (Link(0, 0, 0.1),), (1.0, 1.0), (0.0, 0.0), 0.02)

    text = write_report(tmp_path, results, Pictures(drawn=drawn, said="As it feels.")).read_text()
    assert "As it feels." in Page(text).said()
    data = json.loads(re.search(r'id="replay-data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert data["palette"] == {}
    for episode in data["agents"][0]["episodes"]:
        steps = len(b64decode(episode["drawing"]["places"])) // 4 - 1
        assert steps == len(episode["actions"])
