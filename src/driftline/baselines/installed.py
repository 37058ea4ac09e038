"""Whether the library that trains the baselines is there.

Knows no baseline, and does not load the library.
"""

from __future__ import annotations

from importlib.util import find_spec

from driftline.errors import CapabilityError


def require_stable_baselines3() -> None:
    """Raises `CapabilityError` where the library that trains is not installed."""
    if find_spec("stable_baselines3") is None:
        raise CapabilityError(
            "PPO, DQN, SAC and TD3 are trained by stable-baselines3, which is not installed; "
            "pip install driftline[baselines]"
        )
