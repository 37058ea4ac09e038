"""The frontier's rows over seeds: one curve a method, and what it earns at a given distance.

Knows the rows as files hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftline.shapes import Floats

EARNED = ("observed", "true", "shown")


@dataclass(frozen=True, eq=False)
class Curve:
    """A method at P strengths: means over seeds ``[P]``, and their standard errors.

    ``log_ratio`` is the largest of any seed, NaN where it was not measured.
    """

    method: str
    strengths: Floats
    kl: Floats
    log_ratio: Floats
    means: Mapping[str, Floats]
    errors: Mapping[str, Floats]


def curves(results: Sequence[Mapping[str, Any]]) -> dict[str, Curve]:
    """Every method's curve, in order of the strengths as they were run."""
    rows = [row for result in results for row in result["rows"]]
    return {method: _curve(method, rows) for method in dict.fromkeys(r["method"] for r in rows)}


def _curve(method: str, rows: Sequence[Mapping[str, Any]]) -> Curve:
    mine = [row for row in rows if row["method"] == method]
    strengths = list(dict.fromkeys(row["strength"] for row in mine))
    grouped = [[row for row in mine if row["strength"] == each] for each in strengths]
    return Curve(
        method=method,
        strengths=np.array(strengths),
        kl=np.array([np.mean([row["kl"] for row in group]) for group in grouped]),
        log_ratio=np.array([_largest(group) for group in grouped]),
        means={name: np.array([_mean(group, name) for group in grouped]) for name in EARNED},
        errors={name: np.array([_error(group, name) for group in grouped]) for name in EARNED},
    )


def _largest(group: Sequence[Mapping[str, Any]]) -> float:
    known = [row["log_ratio"] for row in group if row["log_ratio"] is not None]
    return max(known) if known else np.nan


def _mean(group: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(np.mean([row[name] for row in group]))


def _error(group: Sequence[Mapping[str, Any]], name: str) -> float:
    """Over seeds where there are several, else over the episodes of the one."""
    if len(group) > 1:
        return float(np.std([row[name] for row in group], ddof=1) / np.sqrt(len(group)))
    return float(group[0].get(f"{name}_error") or 0.0)


def at_distance(curve: Curve, name: str, distance: float, by: str = "kl") -> float:
    """``name`` interpolated where the curve is ``distance`` away, NaN outside its range.

    ``by`` is "kl" or "log_ratio"; interpolation is linear in the square root of it,
    in which small departures are evenly spaced.
    """
    x = np.sqrt(np.maximum(curve.kl if by == "kl" else curve.log_ratio, 0.0))
    known = np.isfinite(x)
    if not known.any() or not x[known].min() <= np.sqrt(distance) <= x[known].max():
        return float("nan")
    order = np.argsort(x[known])
    return float(np.interp(np.sqrt(distance), x[known][order], curve.means[name][known][order]))
