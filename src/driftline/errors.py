"""The one exception tree: every failure a caller can repair is a `DriftlineError`.

Knows nothing of what failed; a message is one line that says what was given,
what was needed and the repair. The command line prints it and exits with 2.
"""

from __future__ import annotations

from difflib import get_close_matches


class DriftlineError(Exception):
    """Anything Driftline refuses or cannot do, said in one line."""


class DataError(DriftlineError):
    """Demonstrations, trajectories or recorded files that break their contract."""


class SpaceError(DriftlineError):
    """An observation or action space that no codec supports."""


class TargetError(DriftlineError):
    """A target that cannot be asked for, such as a return outside the data."""


class CapabilityError(DriftlineError):
    """A model lacks what a target or a fine-tuner needs of it."""


class UnknownNameError(DriftlineError):
    """A study, agent, behaviour or world that does not exist."""

    @classmethod
    def among(cls, kind: str, given: str, known: tuple[str, ...]) -> UnknownNameError:
        """The message for a name that is not one of ``known``.

        >>> print(UnknownNameError.among("agent", "sac", ("gm", "ppo")))
        unknown agent 'sac'; the agents are gm, ppo
        >>> print(UnknownNameError.among("agent of hopper", "pgo", ("gm", "ppo")))
        unknown agent of hopper 'pgo'; did you mean ppo? the agents of hopper are gm, ppo
        """
        noun, of, whose = kind.partition(" of ")
        meant = get_close_matches(given, known, 1)
        asked = f"did you mean {meant[0]}? " if meant else ""
        return cls(
            f"unknown {kind} {given!r}; {asked}the {noun}s{of}{whose} are {', '.join(known)}"
        )


class RunError(DriftlineError):
    """A run directory that is missing, taken, incomplete or damaged."""


class RunExistsError(RunError):
    """The output directory already holds a run; nothing was written."""


class CheckpointError(RunError):
    """A checkpoint whose files do not fit together or were cut short."""


class StorageError(RunError):
    """The disk refused a write; what was stored before is still whole."""


class SettingsError(DriftlineError):
    """A setting out of its range."""
