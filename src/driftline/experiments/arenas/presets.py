"""The study's settings at each budget: which arenas there are, and who cannot be played yet.

Knows no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

from collections.abc import Callable

from driftline.errors import SettingsError
from driftline.experiments.config import StudyConfig
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.names import ARENAS, CONTROL_STUDY, ROBOTS, check_arenas

WANTED = ("hopper", "walker2d", "halfcheetah", "ant", "hopper-lean", "halfcheetah-lean")
"""Every robot as Gymnasium pays it, and two that are paid for leaning."""
DEMONSTRATED = ("hopper", "walker2d", "halfcheetah")
"""Robots with behaviour policies, whose files a test holds this to: at no budget does the study
play the others."""


def played() -> tuple[str, ...]:
    """The arenas of the study, those that have demonstrators.

    >>> played()
    ('hopper', 'walker2d', 'halfcheetah', 'hopper-lean', 'halfcheetah-lean')
    """
    return tuple(name for name in WANTED if ARENAS[name][0] in DEMONSTRATED)


def left_out(config: ControlConfig) -> tuple[str, ...]:
    """The arenas that a study of robots would be of as well, had they demonstrators."""
    has = {each.name for each in config.worlds}
    if has.isdisjoint(WANTED):
        return ()
    return tuple(name for name in WANTED if name not in has and name not in played())


def control(
    study: Callable[[str, str], StudyConfig],
    budget: str,
    arenas: tuple[str, ...] | None = None,
    level: str | None = None,
) -> ControlConfig:
    """The study of several arenas; ``study`` is that of one arena at a budget.

    ``level``: of the demonstrations, of which ``study`` knows; None: as the budget has it.
    Raises `UnknownNameError` of an arena that there is not, and `SettingsError` of one that
    nobody demonstrates.
    """
    for name in check_arenas(arenas or ()):
        alone = ARENAS[name][0] in ROBOTS and ARENAS[name][0] not in DEMONSTRATED
        if alone and level != "random":
            raise SettingsError(
                f"{name} has no demonstrations of level {level or 'medium'}, only of random; give "
                f"--level random, or take arenas of {' and '.join(DEMONSTRATED)}, or tasks that "
                "are no robots"
            )
    names = played() if arenas is None else tuple(dict.fromkeys(arenas))
    return ControlConfig(CONTROL_STUDY, budget, tuple(study(name, budget) for name in names))
