"""What has to be typed to run a study again beside its name and budget.

Knows settings alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from driftline.experiments.arena_config import LevelConfig
from driftline.experiments.config import StudyConfig


def options(studies: Sequence[StudyConfig]) -> str:
    """What ``studies`` have in common, of what is not always so.

    Of studies of tasks level and steps are told too.

    >>> from driftline.experiments.control.presets import arena_study
    >>> hopper, pendulum = (arena_study(task, None, "full") for task in ("hopper", "pendulum"))
    >>> options([hopper]), options([hopper, pendulum])
    (' --level medium --steps 500000', ' --level medium')
    >>> from driftline.experiments.reckoning import reckoned_in
    >>> options([reckoned_in(pendulum, "bfloat16")])
    ' --level medium --steps 200000 --precision bfloat16'
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
    if {each.offline.update.precision for each in studies} == {"bfloat16"}:
        said += " --precision bfloat16"
    devices = {each.device for each in studies} - {"cpu"}
    return said + "".join(f" --device {each}" for each in devices)
