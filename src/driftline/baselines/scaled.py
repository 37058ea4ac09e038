"""`Scaled`: rewards of about the same size in every environment, as learners from scratch need.

Knows no learner. Importing it loads stable-baselines3.
"""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv
from stable_baselines3.common.vec_env import VecNormalize

from driftline.baselines.same_step import SameStep


class Scaled(VecNormalize):
    """A `SameStep` world whose rewards are divided by the spread of discounted returns so far.

    An error of a value is then about 1 at first, which is what the losses and the
    learning rates of these learners were made for. Before there is a spread a reward
    counts for at most 10, the library's limit. Observations stay as they are.
    """

    def __init__(self, environment: VectorEnv[Any, Any, Any], discount: float) -> None:
        self.world = SameStep(environment)
        super().__init__(self.world, norm_obs=False, gamma=discount)

    def state(self) -> dict[str, float]:
        """Mean, variance and number of the discounted returns so far."""
        seen = self.ret_rms
        return {"mean": float(seen.mean), "var": float(seen.var), "count": float(seen.count)}

    def restore(self, stored: dict[str, float]) -> None:
        """Load what `state` gave."""
        for name, value in stored.items():
            setattr(self.ret_rms, name, value)
