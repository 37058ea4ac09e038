"""The entry point: parse the command, perform it, say errors in one line.

Knows no command's work. Exit codes: 0 done, 1 a check found differences, 2 an
error a person can repair, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from driftline.errors import DriftlineError

DESCRIPTION = (
    "Online generative-modelling agents, and when they drift into behaviour nobody demonstrated. "
    "`driftline --version` prints the version, `driftline COMMAND --help` all options."
)
ENVIRONMENTAL = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
"""What the machine may refuse; any other operating system error is a mistake of ours."""


def main() -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Perform the command in ``arguments``; returns the exit code.

    >>> run(["--version"])
    driftline 0.2.0.dev0
    0
    """
    if list(arguments) == ["--version"]:
        return _version()
    command: Any = None
    try:
        command = _parse(arguments)
        code = _perform(command)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _interrupted(command)
    except DriftlineError as error:
        return _refused(str(error))
    except BrokenPipeError:
        _silence()
        return 141
    except OSError as error:
        if error.errno not in ENVIRONMENTAL:
            raise
        _silence()
        place = f" ({error.filename})" if error.filename else ""
        return _refused(f"{error.strerror}{place}; make room or change the permissions")


def _version() -> int:
    import driftline

    print(f"driftline {driftline.__version__}")
    return 0


def _parse(arguments: Sequence[str]) -> Any:
    import tyro

    from driftline.cli.commands import Command

    return tyro.cli(Command, prog="driftline", description=DESCRIPTION, args=list(arguments))


def _perform(command: Any) -> int:
    from driftline.cli.perform import perform

    return perform(command)


def _refused(message: str) -> int:
    print(f"driftline: error: {' '.join(message.splitlines())}", file=sys.stderr)
    return 2


def _interrupted(command: Any) -> int:
    path = _run_of(command)
    hint = f"; go on with: driftline resume {path}" if path else ""
    print(f"driftline: interrupted{hint}", file=sys.stderr)
    return 130


def _run_of(command: Any) -> Path | None:
    """The directory of the run that the command was at work on, if it had begun."""
    from driftline.cli.commands import Resume, Study

    match command:
        case Study():
            path = command.directory
        case Resume():
            path = command.path
        case _:
            return None
    return path if (path / "manifest.json").exists() else None


def _silence() -> None:
    """What is left to print goes nowhere, or the interpreter would fail again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
