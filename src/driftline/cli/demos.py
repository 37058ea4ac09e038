"""What ``driftline demos`` does: make, show, import and export demonstrations.

Knows no format: it calls `driftline.data` and `driftline.experiments`.
"""

from __future__ import annotations

from typing import assert_never

from driftline.cli.commands import ExportDemos, ImportDemos, MakeDemos, ShowDemos
from driftline.cli.screen import print_table, recording
from driftline.errors import SettingsError
from driftline.experiments.names import TASKS, check_demonstrated, check_level

EPISODES, SKILL, LEVEL = 400, 0.7, "medium"
"""What is recorded where nothing is said of it."""
D4RL = (".hdf5", ".h5")
"""How the names of D4RL's files end."""


def perform_demos(command: MakeDemos | ShowDemos | ImportDemos | ExportDemos) -> int:
    """Carry out one of the commands; returns the exit code."""
    match command:
        case MakeDemos():
            return _make(command)
        case ShowDemos():
            return _show(command)
        case ImportDemos():
            return _import(command)
        case ExportDemos():
            return _export(command)
        case _:
            assert_never(command)


def _make(command: MakeDemos) -> int:
    name = check_demonstrated(command.world)
    if command.episodes is not None and command.episodes < 1:
        raise SettingsError(f"--episodes is at least 1, got {command.episodes}")
    return _record(name, command) if name in TASKS else _script(name, command)


def _script(world: str, command: MakeDemos) -> int:
    if command.level is not None or command.steps is not None:
        raise SettingsError(
            f"--level and --steps are for tasks ({', '.join(TASKS)}); {world} has --skill and "
            "--episodes"
        )
    from driftline.experiments.demonstrate import make_demonstrations

    episodes = EPISODES if command.episodes is None else command.episodes
    path = make_demonstrations(
        world,
        episodes=episodes,
        skill=SKILL if command.skill is None else command.skill,
        seed=command.seed,
        dataset_id=command.id or f"{world}/scripted-v0",
        root=command.root,
    )
    print(f"stored {episodes} episodes in {path}")
    return 0


def _record(task: str, command: MakeDemos) -> int:
    if command.skill is not None:
        raise SettingsError(f"--skill is for gridworlds; {task} has --level")
    level = check_level(command.level or LEVEL)
    if command.episodes is not None and command.steps is not None:
        raise SettingsError("--episodes and --steps both say how much; give one of them")
    if command.steps is not None and command.steps < 1:
        raise SettingsError(f"--steps is at least 1, got {command.steps}")
    from driftline.experiments.levels import make_level

    with recording(f"{task} {level}") as told:
        path, stored = make_level(
            task,
            level,
            episodes=command.episodes or (EPISODES if command.steps is None else None),
            steps=command.steps,
            seed=command.seed,
            dataset_id=command.id or f"{task}/{level}-v0",
            root=command.root,
            told=told,
        )
    print(f"stored {stored} episodes in {path}")
    return 0


def _show(command: ShowDemos) -> int:
    from driftline.experiments.demonstrate import overview

    seen = overview(command.dataset, command.root)
    print_table(command.dataset, ("what", "value"), list(seen.facts.items()))
    if seen.behaviours:
        print_table("behaviours", ("behaviour", "episodes", "share"), seen.behaviours)
    else:
        print("no behaviours were recorded")
    for title, frame in seen.frames:
        print(f"\n{title}\n{frame}")
    return 0


def _import(command: ImportDemos) -> int:
    kind = command.file.suffix
    if command.horizon is not None and kind not in D4RL:
        raise SettingsError("--horizon is for a D4RL .hdf5; other files say where episodes end")
    if kind == ".npz" or kind in D4RL:
        if command.id is None:
            raise SettingsError(f"an {kind} has no id of its own; give it one: --id mine/first-v0")
        from driftline.experiments.demonstrate import import_d4rl, import_npz

        given = (command.file, command.id, command.environment, command.root)
        path = import_npz(*given) if kind == ".npz" else import_d4rl(*given, command.horizon)
        print(f"stored {path}")
        return 0
    if command.environment is not None:
        raise SettingsError("--environment is for an .npz or .hdf5; a Minari dataset names its own")
    from driftline.data.minari_copy import import_minari
    from driftline.data.minari_root import datasets_root

    kept = import_minari(command.file, command.id, command.root)
    print(f"stored {datasets_root(command.root) / kept}")
    return 0


def _export(command: ExportDemos) -> int:
    from driftline.data.minari_copy import export_minari

    print(f"stored {export_minari(command.dataset, command.to, command.root)}")
    return 0
