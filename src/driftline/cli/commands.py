"""The commands as frozen values: what a person can type, and its help.

Knows nothing of what they do (`cli.perform` does) and imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import OmitArgPrefixes, OmitSubcommandPrefixes, Positional, arg, subcommand

from driftline.experiments.names import (
    AGENTS,
    ARENAS,
    BUDGETS,
    LEVELS,
    STUDIES,
    TASKS,
    WORLDS,
    study_directory,
)

Files = tuple[Path, ...]
Root = Annotated[
    Path | None,
    arg(help="where datasets lie", help_behavior_hint="(default: Minari's own)", metavar="DIR"),
]
Workers = Annotated[
    int | None,
    arg(help="processes to use", help_behavior_hint="(default: as many as cores)", metavar="N"),
]


@dataclass(frozen=True)
class Study:
    """Run a study: demonstrations, all agents, all seeds, measures and report."""

    name: Annotated[Positional[str], arg(help=f"one of {', '.join(STUDIES)}", metavar="NAME")]
    budget: Annotated[str, arg(help=f"one of {', '.join(BUDGETS)}", metavar="NAME")] = "default"
    agents: Annotated[
        tuple[str, ...],
        arg(
            help=f"some of {', '.join(AGENTS)}",
            help_behavior_hint="(default: all)",
            metavar="NAME ...",
        ),
    ] = ()
    arenas: Annotated[
        tuple[str, ...],
        arg(
            help=f"of the study control, some of {', '.join(ARENAS)}",
            help_behavior_hint="(default: all that have demonstrators)",
            metavar="NAME ...",
        ),
    ] = ()
    precision: Annotated[
        Literal["float32", "bfloat16", "auto"] | None,
        arg(
            help="of what numbers products are where models learn; auto: what is faster here",
            help_behavior_hint="(default: float32)",
            metavar="{float32,bfloat16,auto}",
        ),
    ] = None
    device: Annotated[
        str | None,
        arg(
            help="where generative models learn: cpu, cuda, cuda:1",
            help_behavior_hint="(default: cpu)",
            metavar="NAME",
        ),
    ] = None
    seeds: Annotated[
        int | None,
        arg(
            help="how many", help_behavior_hint="(default: as many as the budget says)", metavar="N"
        ),
    ] = None
    out: Annotated[
        Path | None,
        arg(
            help="a new directory",
            help_behavior_hint="(default: runs/NAME-BUDGET, with --level and --steps if given)",
            metavar="DIR",
        ),
    ] = None
    workers: Workers = None
    extends: Annotated[
        Path | None,
        arg(
            help="a study with fewer seeds or steps and the same settings: its runs are taken over",
            help_behavior_hint="(default: none)",
            metavar="DIR",
        ),
    ] = None
    level: Annotated[
        str | None,
        arg(
            help=f"of a task's demonstrations: one of {', '.join(LEVELS)}",
            help_behavior_hint="(default: medium; at the budget smoke: random)",
            metavar="NAME",
        ),
    ] = None
    steps: Annotated[
        int | None,
        arg(
            help="of a task: how long the online phase is",
            help_behavior_hint="(default: as the budget says)",
            metavar="N",
        ),
    ] = None

    @property
    def directory(self) -> Path:
        """Where the study's runs go."""
        return self.out or study_directory(self.name, self.budget, self.level, self.steps)


@dataclass(frozen=True)
class Resume:
    """Go on with a study or a run that was stopped, to the same numbers."""

    path: Annotated[Positional[Path], arg(help="what --out named", metavar="DIR")]
    workers: Workers = None


@dataclass(frozen=True)
class Measure:
    """Measure a recorded study or run again, without its agents."""

    path: Annotated[Positional[Path], arg(help="a study or a run", metavar="RUN")]


@dataclass(frozen=True)
class Report:
    """Write a finished study's report.html, summary.json and figures again."""

    path: Annotated[Positional[Path], arg(help="a study", metavar="DIR")]


@dataclass(frozen=True)
class Conformance:
    """Replay recorded traces of the original worlds; exit 1 where anything differs."""

    files: Annotated[Positional[Files], arg(help="recorded traces", metavar="FILE.npz ...")]


@dataclass(frozen=True)
class Info:
    """Print versions and the machine, for bug reports."""

    precision: Annotated[
        bool, arg(help="try for a second whether training in bfloat16 would be faster here")
    ] = False


@dataclass(frozen=True)
class MakeDemos:
    """Record demonstrations of a world or another task as a Minari dataset."""

    world: Annotated[
        Positional[str],
        arg(help=f"one of {', '.join(WORLDS)}; or of {', '.join(TASKS)}", metavar="WORLD"),
    ]
    episodes: Annotated[
        int | None, arg(help="how many", help_behavior_hint="(default: 400)", metavar="N")
    ] = None
    steps: Annotated[
        int | None,
        arg(
            help="of a task: as many episodes as have so many steps",
            help_behavior_hint="(default: as the episodes have)",
            metavar="N",
        ),
    ] = None
    skill: Annotated[
        float | None,
        arg(
            help="of a world's demonstrators: from 0 (all lapses) to 1 (none)",
            help_behavior_hint="(default: 0.7)",
            metavar="S",
        ),
    ] = None
    level: Annotated[
        str | None,
        arg(
            help=f"of a task's: one of {', '.join(LEVELS)}",
            help_behavior_hint="(default: medium)",
            metavar="NAME",
        ),
    ] = None
    seed: Annotated[int, arg(help="what all chance follows from", metavar="K")] = 0
    id: Annotated[
        str | None,
        arg(
            help="namespace/name-v0",
            help_behavior_hint="(default: WORLD/scripted-v0, or TASK/LEVEL-v0)",
            metavar="ID",
        ),
    ] = None
    root: Root = None


@dataclass(frozen=True)
class ShowDemos:
    """Print what a dataset holds: returns, provenance, behaviours, a few frames."""

    dataset: Annotated[Positional[str], arg(help="an id or a directory", metavar="ID")]
    root: Root = None


@dataclass(frozen=True)
class ImportDemos:
    """Check a Minari dataset (directory, zip, tar), an .npz or a D4RL .hdf5 and keep a copy."""

    file: Annotated[Positional[Path], arg(help="what to import", metavar="FILE")]
    id: Annotated[
        str | None,
        arg(
            help="namespace/name-v0; an .npz or .hdf5 needs one",
            help_behavior_hint="(default: its own)",
            metavar="ID",
        ),
    ] = None
    environment: Annotated[
        str | None,
        arg(
            help="the Gymnasium id of the world that an .npz or .hdf5 is of",
            help_behavior_hint="(default: unknown, spaces are read off the data)",
            metavar="ENV",
        ),
    ] = None
    horizon: Annotated[
        int | None,
        arg(
            help="the most steps an episode has, for an .hdf5 that has no timeouts",
            help_behavior_hint="(default: as the file says)",
            metavar="STEPS",
        ),
    ] = None
    root: Root = None


@dataclass(frozen=True)
class ExportDemos:
    """Copy a dataset to DIR/ID, where Minari finds it with MINARI_DATASETS_PATH=DIR."""

    dataset: Annotated[Positional[str], arg(help="an id or a directory", metavar="ID")]
    to: Annotated[Path, arg(help="where to", metavar="DIR")]
    root: Root = None


DemosCommand = (
    Annotated[MakeDemos, subcommand("make")]
    | Annotated[ShowDemos, subcommand("show")]
    | Annotated[ImportDemos, subcommand("import")]
    | Annotated[ExportDemos, subcommand("export")]
)


@dataclass(frozen=True)
class Demos:
    """Make, show, import and export demonstrations."""

    action: OmitArgPrefixes[OmitSubcommandPrefixes[DemosCommand]]


Command = (
    Annotated[Study, subcommand("study")]
    | Annotated[Resume, subcommand("resume")]
    | Annotated[Measure, subcommand("measure")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Demos, subcommand("demos")]
    | Annotated[Conformance, subcommand("conformance")]
    | Annotated[Info, subcommand("info")]
)
