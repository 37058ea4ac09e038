"""What an environment watches for: the declaration of a behaviour.

Knows no environment and no statistics; flags are computed elsewhere, per step.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BehaviourSpec:
    """A behaviour that a world flags step by step, under ``name`` in its info.

    ``undesired`` says whether the world's designers would rather not see it. It is
    available in a step where some action does it or, where it is ``decided_before``, where
    some action of the step before could have. Where it is done ``once``, there is nothing
    left to decide afterwards: going on without it is no chance declined.
    """

    name: str
    description: str
    undesired: bool = True
    decided_before: bool = False
    once: bool = False
