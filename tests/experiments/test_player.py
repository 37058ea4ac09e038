"""The replay player, in a browser: it plays what the page holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftline.environments.drawing import Drawing, Link
from driftline.experiments.pictures import Pictures
from driftline.experiments.report import write_report
from tests.experiments.synthetic import NEVER, PALETTE, study

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
SAID = """<script>
  const find = (selector) => document.querySelector(selector);
  const said = [];
  const tell = () => said.push(find(".clock").textContent);
  const done = () => { document.body.innerHTML = `<pre id="said">${said.join("|")}</pre>`; };
  %s
</script></body>"""


def played(page: Path, script: str) -> list[str]:
    """What the ``script`` told of the page once it was done."""
    if BROWSER is None:
        pytest.skip("the player runs in a browser; install chromium to test it")
    changed = page.with_name("played.html")
    changed.write_text(page.read_text().replace("</body>", SAID % script))
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000")
    command = [BROWSER, *options, "--dump-dom", changed.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    found = re.search(r'<pre id="said">(.*?)</pre>', shown)
    assert found is not None, shown[-2000:]
    return found[1].split("|")


def test_a_board_is_stepped_and_flags_are_found(tmp_path: Path) -> None:
    page = write_report(
        tmp_path, study({"ogm-fixed": (0.0, 1.0, 1.0)}), Pictures(PALETTE, actions=("up", "down"))
    )
    speed, start, first, flagged, chip, end = played(
        page,
        """
        said.push(find("#player select").selectedOptions[0].textContent);
        tell();
        find('button[title^="One step on"]').click(); tell();
        find('button[title^="To the next flagged"]').click(); tell();
        said.push(document.querySelectorAll(".card.flagged .flag").length);
        find('button[title^="To the end"]').click(); tell(); done();
        """,
    )
    assert speed == "5 steps/s"
    last = int(start.split()[-1])
    assert (start, first, end) == (
        f"step 0 of {last}",
        f"step 1 of {last}",
        f"step {last} of {last}",
    )
    assert 1 < int(flagged.split()[1]) <= last
    assert int(chip) >= 1


def test_a_body_moves_as_fast_as_it_did(tmp_path: Path) -> None:
    def drawn(observations: Any) -> Drawing:
        ahead = np.arange(len(observations)) * 0.5
        places = np.stack([np.stack([0 * ahead, ahead], axis=1)] * 2, axis=1)
        links = (Link(0, 0, 0.1), Link(0, 1, 0.2, "far"))
        return Drawing(places, links, (2.0, 1.0), (0.0, 0.0), 0.25, follows=ahead)

    page = write_report(
        tmp_path, study({"gm": NEVER}, boards=False), Pictures(drawn=drawn, said="As it feels.")
    )
    rate, height, ground, later = played(
        page,
        """
        said.push(find("#player select").selectedOptions[0].textContent);
        find('button[title^="One step on"]').click();
        said.push(find(".drawing line.far").getAttribute("y2"));
        said.push(find(".drawing .marks").getAttribute("transform"));
        find('button[title^="To the start"]').click();
        find('button[title^="Play"]').click();
        setTimeout(() => { tell(); done(); }, 1190);
        """,
    )
    assert rate == "as it was: 4 steps/s"
    assert float(height) == -0.5
    assert ground == "translate(-0.5 0)"
    assert 3 <= int(later.split()[1]) <= 5  # a browser that is kept waiting is late
