"""Which behaviour policies a study's demonstrations are of, and that they stay the same.

Knows manifests and plans, no policy. A study names a level alone, which another version of
Driftline may have others play.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from driftline.errors import RunError
from driftline.experiments import build
from driftline.experiments.config import OfflineRunConfig, StudyConfig
from driftline.experiments.plan import Task
from driftline.records.run_directory import MANIFEST, RunDirectory

POLICY = "behaviour_policy"
"""In the manifest of an offline run: a sha256 of the policies that play its demonstrations."""


def told_policy(study: StudyConfig) -> dict[str, str]:
    """What a manifest says of them: nothing where no policies play."""
    found = build.behaviour_policy(study)
    return {} if found is None else {POLICY: found}


def other_policy(manifest: Mapping[str, Any], study: StudyConfig) -> bool:
    """Whether the demonstrations were those of other policies; of earlier ones nobody knows."""
    return POLICY in manifest and manifest[POLICY] != build.behaviour_policy(study)


def check_policies(tasks: Sequence[Task]) -> None:
    """Raise `RunError` where what was begun of a plan has other demonstrations than the rest."""
    for task in tasks:
        if not isinstance(task.config, OfflineRunConfig) or not (task.path / MANIFEST).exists():
            continue
        if other_policy(RunDirectory.open(task.path).manifest, task.config.study):
            raise RunError(
                f"the demonstrations in {task.path} are of other behaviour policies than those "
                "that are installed; resume with the version of Driftline that began it, or begin "
                "another"
            )
