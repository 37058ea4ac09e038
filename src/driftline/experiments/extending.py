"""Extending a study: finished runs of an earlier one that are runs of the new one too.

Two runs are the same where all that decides their numbers is: settings, seed, and the
versions of Driftline and of the libraries that compute.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from driftline.errors import DriftlineError, RunError
from driftline.experiments.behaviour_policy import other_policy
from driftline.experiments.config import OfflineRunConfig, RunConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.lengthening import reopen, scheduled, shorter
from driftline.experiments.plan import Task
from driftline.experiments.run import finished, seconds_of
from driftline.records.manifest import versions
from driftline.records.run_directory import RunDirectory
from driftline.records.whole import refused

COMPUTING = (
    *("driftline", "numpy", "torch", "stable_baselines3"),
    *("gymnasium", "gymnasium_robotics", "minigrid", "mujoco"),
)
"""The versions that numbers may depend on."""
NEVER_SHARED = (".jsonl",)
"""Files that are appended to: the new study has its own, even though a finished run is not."""


@dataclass(frozen=True)
class Shared:
    """The runs of an earlier study that a new one has too: where they lie, and for which task.

    Those of the tasks ``longer`` are only begun by them: they had fewer steps.
    """

    runs: tuple[tuple[Path, Task], ...]
    planned: int
    longer: frozenset[Path] = frozenset()

    def of(self, group: str) -> Shared:
        """Those of one part of the study, as `Task.group` names it; ``planned`` is of all."""
        runs = tuple(pair for pair in self.runs if pair[1].group == group)
        return replace(self, runs=runs)

    def to_json(self) -> dict[str, Any]:
        """What a manifest says of them: no path, which would mean nothing elsewhere."""
        return {
            "runs": len(self.runs),
            "longer": sum(task.path in self.longer for _, task in self.runs),
            "seconds": sum(seconds_of(place) for place, _ in self.runs),
            "revisions": sorted({_revision(place) for place, _ in self.runs}),
        }


def shared_runs(earlier: Path, root: Path, tasks: Sequence[Task]) -> Shared:
    """The finished runs in ``earlier`` that are those of ``tasks``, planned in ``root``.

    Their studies may differ in their seeds, in agents without a target, in agents that the new one
    has no more, and in the budget's name;
    offline phases in their rounds as well, and others in having fewer steps, unless the agent has
    a schedule over all of them. Raises `RunError`, with the first difference, where there is none.
    """
    run = RunDirectory.open(earlier)
    if run.manifest["kind"] != "study":
        raise RunError(f"{earlier} is a single run; give the directory of a whole study")
    taken: set[Path] = set()
    longer: set[Path] = set()
    pairs, differ = [], "it has none of the same agent and seed"
    for task in tasks:
        place = earlier / task.path.relative_to(root)
        if not finished(place) or (task.needs is not None and task.needs not in taken):
            continue
        manifest = RunDirectory.open(place).manifest
        difference = _difference(manifest, task)
        if difference is not None and _goes_on(manifest, task):
            difference = None
            longer.add(task.path)
        if difference is None:
            taken.add(task.path)
            pairs.append((place, task))
        elif not pairs:
            differ = f"those of {place.relative_to(earlier)} differ in {difference}"
    if not pairs:
        raise RunError(
            f"no finished run of {earlier} is one of this study ({differ}); extend a study of the "
            "same settings, as one with fewer seeds, or leave --extends out"
        )
    return Shared(tuple(pairs), len(tasks), frozenset(longer))


def take_over(shared: Shared, planned: Path, root: Path) -> None:
    """Put the runs planned in ``planned`` where they belong in ``root``.

    Files are linked, not copied, where the file system can. Raises `StorageError`.
    """
    for place, task in shared.runs:
        target = root / task.path.relative_to(planned)
        try:
            _link_all(place, target)
            if task.path in shared.longer:
                assert isinstance(task.config, RunConfig)  # no other has steps
                reopen(target, task.config)
        except OSError as error:
            raise refused(target, error) from error


def _difference(manifest: Mapping[str, Any], task: Task) -> str | None:
    """What of the settings or versions differs first; None: nothing."""
    stored, wanted = (_decisive(each) for each in (_stored(manifest, task), to_json(task.config)))
    if "targets" in wanted["study"]:
        # Those of agents that the new study leaves out are told beside the others.
        told, asked = stored["study"]["targets"], wanted["study"]["targets"]
        stored["study"]["targets"] = {name: told[name] for name in told if name in asked}
    for name in wanted["study"]:
        if stored["study"].get(name) != wanted["study"][name]:
            return f"the study's {name}"
    if stored != wanted:
        return "the agent's settings"
    if isinstance(task.config, OfflineRunConfig) and other_policy(manifest, task.config.study):
        return "the behaviour policies that demonstrate"
    return _other_version(manifest)


def _goes_on(manifest: Mapping[str, Any], task: Task) -> bool:
    """Whether the run is the task's but for its end, and that end decided nothing before it."""
    if not isinstance(task.config, RunConfig) or scheduled(task.config):
        return False
    stored, wanted = (_decisive(each) for each in (_stored(manifest, task), to_json(task.config)))
    return shorter(stored, wanted) and _other_version(manifest) is None


def _other_version(manifest: Mapping[str, Any]) -> str | None:
    """The first package that both have in other versions; what one lacks it did not use."""
    now, then = versions(), manifest["versions"]
    both = (each for each in COMPUTING if each in now and each in then)
    return next((f"the version of {each}" for each in both if now[each] != then[each]), None)


def _stored(manifest: Mapping[str, Any], task: Task) -> Mapping[str, Any]:
    """The configuration with the defaults of what a later version added, if it can be read."""
    stored: Mapping[str, Any] = manifest["configuration"]
    with contextlib.suppress(DriftlineError):
        stored = to_json(from_json(type(task.config), stored))
    return stored


def _decisive(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a run's numbers, as JSON gives it back.

    Other agents of the study do not, but for their targets, which the offline phase
    holds to the demonstrations.
    """
    study = dict(configuration["study"])
    for name in ("budget", "seeds"):
        study.pop(name)
    agents = study.pop("agents", [])
    if configuration["kind"] == "OfflineRunConfig":
        study.pop("rounds", None)
        targets = {each["name"]: each["learner"].get("target") for each in agents}
        study["targets"] = {name: each for name, each in targets.items() if each is not None}
    whole: dict[str, Any] = json.loads(json.dumps({**configuration, "study": study}))
    return whole


def _revision(place: Path) -> str:
    told = RunDirectory.open(place).manifest.get("revision")
    if told is None:
        return "unknown"
    return f"{told['commit']}{', with local changes' if told['dirty'] else ''}"


def _link_all(place: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for each in sorted(place.rglob("*")):
        copy = target / each.relative_to(place)
        if each.is_dir():
            copy.mkdir()
        elif each.name != ".lock":
            _link(each, copy)


def _link(source: Path, target: Path) -> None:
    if source.suffix not in NEVER_SHARED:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)
