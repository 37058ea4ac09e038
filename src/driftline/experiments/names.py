"""The names a person may type, and the refusal of all others.

Knows no study and no agent, and imports nothing heavy: the command line checks
names before it loads what they stand for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from driftline.errors import SettingsError, UnknownNameError

WORLDS = (
    *("tomato-watering", "tomato-crmdp"),
    *("side-effects-sokoban", "side-effects-sokoban-1"),
    *("side-effects-sokoban-2", "side-effects-sokoban-3"),
    *("absent-supervisor", "boat-race"),
    *("conveyor-belt-vase", "conveyor-belt-sushi"),
    *("conveyor-belt-sushi-goal", "conveyor-belt-sushi-goal2"),
    *("distributional-shift", "distributional-shift-train"),
    *("island-navigation", "whisky-gold"),
    *("friend-foe-friend", "friend-foe-neutral", "friend-foe-foe"),
    *("rocks-diamonds", "rocks-diamonds-1"),
    *("safe-interruptibility", "safe-interruptibility-0", "safe-interruptibility-2"),
)
ROBOTS = ("hopper", "walker2d", "halfcheetah", "ant")
"""Those of MuJoCo."""
CLASSIC = ("cartpole", "pendulum", "mountain-car")
"""Gymnasium's own."""
ROOMS = ("lava-gap", "lava-crossing")
"""Those of Minigrid."""
MAZES = ("pointmaze-umaze", "pointmaze-medium", "antmaze-umaze")
"""Those of Gymnasium-Robotics."""
TASKS = (*ROBOTS, *CLASSIC, *ROOMS, *MAZES)
"""What arenas are of."""
DISCRETE = ("cartpole", *ROOMS)
"""Those with a few actions to choose from."""
ARENAS: dict[str, tuple[str, Literal["speed", "lean"] | None]] = {
    **{robot: (robot, None) for robot in ROBOTS},
    **{f"{robot}-speed": (robot, "speed") for robot in ROBOTS},
    **{f"{robot}-lean": (robot, "lean") for robot in ROBOTS if robot != "ant"},
    **{task: (task, None) for task in (*CLASSIC, *ROOMS, *MAZES)},
    **{f"{task}-speed": (task, "speed") for task in CLASSIC},
    **{f"{maze}-speed": (maze, "speed") for maze in MAZES if maze != "antmaze-umaze"},
}
"""What tasks can be studied in: by name, the task and what it is paid by."""
ODT = {f"{robot}-odt": robot for robot in ROBOTS}
"""Of robots, the online decision transformer as it was published."""
Level = Literal["random", "medium", "medium-replay", "expert"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Of a task's demonstrations, as D4RL names them."""
TARGETS = "targets"
"""The study that compares targets and not agents."""
GRIDWORLDS = "gridworlds"
"""The study of every world."""
CONTROL_STUDY = "control"
"""The study of several arenas; `CONTROL` is an agent."""
DRIFT = "drift"
"""The study of pace and mixture."""
ENTROPY = "entropy"
"""The study of a model's closeness to its data, and of entropy floors."""
STUDIES = (*WORLDS, *ARENAS, *ODT, GRIDWORLDS, CONTROL_STUDY, DRIFT, ENTROPY, TARGETS)
OF_TASKS = (*ARENAS, *ODT, CONTROL_STUDY)
"""Studies whose demonstrations are of a level and whose online phase is of so many steps."""
WORLD_AGENTS = (
    *("gm", "gm-quantile", "ogm-quantile", "ogm-fixed", "ogm-tilt", "ogm-factorised"),
    *("finetune", "finetune-kl", "ppo", "dqn"),
)
ARENA_AGENTS = (
    *("gm", "gm-best", "gm-quantile", "ogm-quantile", "ogm-guided"),
    *("finetune", "finetune-kl", "iql", "ppo", "sac", "td3"),
)
ODT_AGENTS = ("gm", "odt", "odt-guided")
DISCRETE_AGENTS = (
    *("gm", "gm-best", "gm-quantile", "ogm-quantile", "finetune", "finetune-kl", "ppo", "dqn"),
)
AGENTS = tuple(dict.fromkeys(WORLD_AGENTS + ARENA_AGENTS + ODT_AGENTS))
CONTROL = "ogm-quantile-honest"
"""The agent that every study has without anything to exploit."""
BUDGETS = ("smoke", "default", "full")


def check_study(name: str) -> str:
    """``name``, if it is a study; raises `UnknownNameError`.

    >>> check_study("sokoban")
    Traceback (most recent call last):
        ...
    driftline.errors.UnknownNameError: unknown study 'sokoban'; the studies are tomato-watering, ...
    """
    return _check("study", "studies", name, STUDIES)


def check_world(name: str) -> str:
    """``name``, if it is a world; raises `UnknownNameError`."""
    return _check("world", "worlds", name, WORLDS)


def check_demonstrated(name: str) -> str:
    """``name``, if someone demonstrates it; raises `UnknownNameError`."""
    return _check("world or task", "worlds and tasks", name, WORLDS + TASKS)


def check_level(name: str) -> Level:
    """``name``, if it is a level of demonstrations; raises `UnknownNameError`."""
    for each in LEVELS:
        if each == name:
            return each
    raise UnknownNameError.among("level", name, LEVELS)


def check_of_tasks(name: str, level: str | None, steps: int | None) -> None:
    """Raise `SettingsError` where a study of no task is given a level or steps.

    >>> check_of_tasks("boat-race", None, 1000)
    Traceback (most recent call last):
        ...
    driftline.errors.SettingsError: boat-race is counted in rounds and not in steps; leave ...
    """
    if name in OF_TASKS:
        return
    studies = f"study one of {', '.join(TASKS)} or of their kind"
    if level is not None:
        raise SettingsError(
            f"the demonstrations of {name} are scripted and of no level; leave --level out, or "
            f"{studies}"
        )
    if steps is not None:
        raise SettingsError(
            f"{name} is counted in rounds and not in steps; leave --steps out, or {studies}"
        )


def study_directory(
    name: str, budget: str, level: str | None = None, steps: int | None = None
) -> Path:
    """Where a study goes that nobody named a place for: each of what was chosen its own.

    >>> study_directory("hopper", "default", "medium-replay", 1000).as_posix()
    'runs/hopper-medium-replay-default-1000-steps'
    """
    long = None if steps is None else f"{steps}-steps"
    return Path("runs") / "-".join(each for each in (name, level, budget, long) if each)


def check_budget(name: str) -> str:
    """``name``, if it is a budget; raises `UnknownNameError`."""
    return _check("budget", "budgets", name, BUDGETS)


def check_agents(names: tuple[str, ...]) -> tuple[str, ...]:
    """``names``, commas split and repeats dropped; raises `UnknownNameError`.

    >>> check_agents(("gm,ppo", "gm"))
    ('gm', 'ppo')
    """
    return tuple(_check("agent", "agents", name, AGENTS) for name in _split(names))


def check_arenas(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same of arenas.

    >>> check_arenas(("hopper,pendulum", "hopper"))
    ('hopper', 'pendulum')
    """
    return tuple(_check("arena", "arenas", name, tuple(ARENAS)) for name in _split(names))


def _split(names: tuple[str, ...]) -> tuple[str, ...]:
    each = [one.strip() for name in names for one in name.split(",")]
    return tuple(dict.fromkeys(one for one in each if one))


def _check(kind: str, kinds: str, given: str, known: tuple[str, ...]) -> str:
    if given in known:
        return given
    raise UnknownNameError(f"unknown {kind} {given!r}; the {kinds} are {', '.join(known)}")
