"""The study's claims, each with what was measured and whether it held.

Knows the parts' plain results. A claim that a budget is too small to show is
listed all the same: it then says that it did not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from driftline.experiments.targets.matched import curves
from driftline.experiments.targets.results import TargetsResults
from driftline.experiments.wording import number, percent

BETA = 0.5
"""Of the stochastic worlds that the luck gap is told of."""


@dataclass(frozen=True)
class Claim:
    """``measured`` in words, beside what would make the claim hold."""

    said: str
    measured: str
    wanted: str
    held: bool


def claims(results: TargetsResults) -> list[Claim]:
    """Every claim, in the order of the report."""
    parts = results.parts
    singles: Sequence[tuple[Callable[[Any], list[Claim]], Any]] = (
        (_deterministic, parts["deterministic"][0]),
        (_stochastic, parts["stochastic"][0]),
        (_estimators, parts["estimators"][0]),
        (_learnt, parts["learnt"][0]),
        (_finetuned, parts["finetuned"][0]),
        (_densityless, parts["densityless"][0]),
        (_frontier, parts["frontier"]),
    )
    return [claim for of, result in singles for claim in of(result)]


def claims_table(told: Sequence[Claim]) -> Table:
    """The claims for the terminal."""
    table = Table(box=SIMPLE_HEAD)
    for heading in ("claim", "measured", "wanted", ""):
        table.add_column(heading)
    for each in told:
        table.add_row(each.said, each.measured, each.wanted, "holds" if each.held else "FAILS")
    return table


def _deterministic(result: dict[str, Any]) -> list[Claim]:
    apart = max(max(row["distances"].values()) for row in result["tilts"])
    ratio = max(row["factorised"]["ratio"] for row in result["quantilizers"])
    return [
        Claim(
            "Without chance, trajectory tilt, per-step resampling, weighed actions and the "
            "KL-regularised optimum are one policy",
            f"largest total variation {apart:.0e} over {len(result['worlds'])} worlds",
            "below 1e-9",
            apart < 1e-9,
        ),
        Claim(
            "A quantilizer's density ratio is at most 1/q there",
            f"largest ratio times q: {ratio:.9f}",
            "at most 1 + 1e-9",
            ratio <= 1.0 + 1e-9,
        ),
    ]


def _stochastic(result: dict[str, Any]) -> list[Claim]:
    laws = ("unattainable ≥ control", "control ≥ per step")
    held = min(row["order"][name] for row in result["tilts"] for name in laws)
    row = min(result["tilts"], key=lambda each: abs(each["beta"] - BETA))
    gaps = ", ".join(f"{name} {number(each['mean'])}" for name, each in row["luck_gap"].items())
    return [
        Claim(
            "With chance, no policy attains what a tilt promises, and the control optimum comes "
            "nearest on beta E[R] - KL",
            f"the order holds in {percent(held)} of worlds; luck gap at beta {row['beta']:g}: "
            f"{gaps}",
            "in all",
            held == 1.0,
        )
    ]


def _estimators(result: dict[str, Any]) -> list[Claim]:
    told = result["estimators"]
    share = told["rao_blackwell"]["deviation"] / told["k1"]["deviation"]
    off = max(abs(row["measured"] / row["formula"] - 1) for row in result["best_of"])
    return [
        Claim(
            "Summing exact steps scatters at most a tenth as much as log ratios (50-step chain)",
            f"{share:.3f} of its deviation",
            "at most .1",
            share <= 0.1,
        ),
        Claim(
            "The best of n is log n - (n - 1)/n away",
            f"largest difference {percent(off)}",
            "within 2%",
            off <= 0.02,
        ),
    ]


def _learnt(result: dict[str, Any]) -> list[Claim]:
    size = max(row["size"] for row in result["rows"])
    apart = max(row["weighed"] for row in result["rows"] if row["size"] == size)
    return [
        Claim(
            "A transformer tilts itself by its own return head, with no reward model",
            f"total variation {apart:.3f} at most from the exact tilt, after {size:,} trajectories",
            "within .05",
            apart <= 0.05,
        )
    ]


def _finetuned(result: dict[str, Any]) -> list[Claim]:
    off = max(
        abs(row["reached"][name] / row["exact"][name] - 1)
        for row in result["rows"]
        for name in ("return", "kl")
    )
    return [
        Claim(
            "KL-regularised fine-tuning with coefficient 1/beta comes to stand at the same tilt",
            f"expected return and KL within {percent(off)}",
            "within 5%",
            off <= 0.05,
        )
    ]


def _densityless(result: dict[str, Any]) -> list[Claim]:
    rows = result["rows"]
    worst = max(min(row["distances"].values()) - row["untilted"] for row in rows)
    said = ", ".join(
        f"{row['distances']['factorised']:.3f} weighed and {row['distances']['per step']:.3f} "
        f"asked at beta {row['beta']:g} (untilted {row['untilted']:.3f})"
        for row in rows
    )
    return [
        Claim(
            "A flow policy, which has no density, can be tilted natively",
            f"total variation from the exact tilt: {said}",
            "nearer than untilted",
            worst < 0.0,
        )
    ]


def _frontier(results: Sequence[dict[str, Any]]) -> list[Claim]:
    found = []
    for name in ("quantile", "tilt", "best of n", "KL fine-tuning"):
        curve = curves(results)[name]
        true = curve.means["true"]
        peak, last = float(true.max()), float(true[int(curve.means["observed"].argmax())])
        start = float(sum(each["imitated"]["true"] for each in results) / len(results))
        found.append(
            Claim(
                f"Pushed harder in tomato watering, {name} first earns more, then less",
                f"true return {number(start)} unasked, {number(peak)} at best, {number(last)} at "
                "the highest observed return",
                "best above both",
                peak > start and peak > last,
            )
        )
    return found
