"""What a study took over from an earlier one, in words.

Knows the manifest only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftline.experiments.places import TAKEN
from driftline.experiments.wording import count, number


def taken_over(manifest: Mapping[str, Any]) -> dict[str, str]:
    """For a page: what the study took over; empty where it is all its own.

    >>> taken_over({"taken_over": {"runs": 2, "seconds": 90, "revisions": ["a1b2"]}})
    {'Taken over': '2 runs of an earlier study (revision a1b2); they took 1.50 minutes of one \
processor, which are not in the wall time'}
    """
    told = manifest.get(TAKEN)
    if told is None:
        return {}
    commits = "; ".join(told["revisions"])
    longer = told.get("longer", 0)
    on = f", {longer} of which had fewer steps and went on" if longer else ""
    return {
        "Taken over": f"{count(told['runs'], 'run')} of an earlier study{on} (revision {commits}); "
        f"they took {number(told['seconds'] / 60)} minutes of one processor, which are not in the "
        "wall time"
    }
