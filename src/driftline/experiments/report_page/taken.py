"""What a study took over from an earlier one, in words.

Knows the manifest only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftline.experiments.places import TAKEN
from driftline.experiments.wording import count, number


def taken_over(manifest: Mapping[str, Any]) -> dict[str, str]:
    """For a page: what the study took over, in words; empty where it is all its own.

    >>> taken_over({"taken_over": {"runs": 2, "of": 4, "seconds": 90, "revision": None}})
    {'Taken over': '2 of 4 runs, of an earlier study; 1.50 minutes of the wall time are its'}
    """
    told = manifest.get(TAKEN)
    if told is None:
        return {}
    commit = "" if told["revision"] is None else f" of revision {told['revision']['commit']}"
    return {
        "Taken over": f"{told['runs']:,} of {count(told['of'], 'run')}, of an earlier "
        f"study{commit}; {number(told['seconds'] / 60)} minutes of the wall time are its"
    }
