"""What has to be typed to run a study of tasks again: its level and its steps.

Knows settings alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from driftline.experiments.arena_config import LevelConfig
from driftline.experiments.config import StudyConfig


def task_options(studies: Sequence[StudyConfig]) -> str:
    """What ``studies`` of tasks have in common, as options; nothing of studies of worlds.

    >>> from driftline.experiments.control.presets import arena_study
    >>> hopper, pendulum = (arena_study(task, None, "full") for task in ("hopper", "pendulum"))
    >>> task_options([hopper]), task_options([hopper, pendulum])
    (' --level medium --steps 500000', ' --level medium')
    """
    said = ""
    levels = {
        each.demonstrations.level
        for each in studies
        if isinstance(each.demonstrations, LevelConfig)
    }
    if len(levels) == 1:
        said += f" --level {levels.pop()}"
    steps = {each.rounds.steps for each in studies}
    if len(steps) == 1 and None not in steps:
        said += f" --steps {steps.pop()}"
    return said
