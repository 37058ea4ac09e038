"""`SameStep`: a Gymnasium vector environment as stable-baselines3 wants one.

Knows no learner. Observed rewards and the action that was carried out pass, and
nothing else that an environment tells: hidden rewards and flags stay outside.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import Space
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.vec_env import VecEnv

from driftline.baselines.encoding import encode, encoded_size
from driftline.data.gymnasium_spaces import action_spec, observation_spec
from driftline.errors import CapabilityError, SettingsError
from driftline.models.flow_box import from_unit
from driftline.shapes import Booleans, Integers
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec

Encoded = npt.NDArray[np.float32]


class SameStep(VecEnv):
    """Encoded observations, and a new episode in the very step that ended the old one.

    A Gymnasium environment with next-step autoreset shows the last observation
    of an episode and spends one more step on the reset; here the finished
    copies alone are reset at once, through ``options["reset_mask"]``, and the
    last observation goes into ``infos[i]["terminal_observation"]``, with
    ``infos[i]["TimeLimit.truncated"]`` true where the episode was cut and not
    ended. No step is spent on a reset, so every step is one to learn from.
    Continuous actions are offered in [-1, 1] and moved to their box.
    ``executed [N]`` are the actions of the last step as they were carried out,
    which are those that were asked for unless the environment reports others.
    """

    def __init__(self, environment: VectorEnv[Any, Any, Any]) -> None:
        mode = environment.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if mode not in (AutoresetMode.NEXT_STEP, AutoresetMode.NEXT_STEP.value):
            raise SettingsError(
                f"a baseline needs a vector environment that resets on the next step, got {mode}; "
                "make it with autoreset_mode=AutoresetMode.NEXT_STEP"
            )
        self._environment = environment
        self.observation = observation_spec(environment.single_observation_space)
        self.action = action_spec(environment.single_action_space)
        space = Box(-np.inf, np.inf, (encoded_size(self.observation),), np.float32)
        super().__init__(environment.num_envs, space, _offered(environment, self.action))

    def reset(self) -> Encoded:
        """First observations of all copies, under the seed that `seed` was given, if any."""
        observations, _ = self._environment.reset(seed=self._seeds[0])
        self._reset_seeds()
        return encode(self.observation, observations)

    def step_async(self, actions: Any) -> None:
        """Note the actions; they are carried out by `step_wait`."""
        if isinstance(self.action, ContinuousActionSpec):
            unit = np.clip(np.asarray(actions, np.float32), -1.0, 1.0)
            self._actions = from_unit(self.action, torch.from_numpy(unit)).numpy()
        else:
            self._actions = actions

    def step_wait(self) -> tuple[Encoded, Encoded, Booleans, list[dict[str, Any]]]:
        """Observations, rewards, whether an episode is over, and what is told of its end."""
        observations, rewards, terminated, truncated, told = self._environment.step(self._actions)
        self.executed = np.asarray(self._actions)
        if isinstance(self.action, DiscreteActionSpec):
            self.executed = _executed(told, self.executed, self.action.count)
        done = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        encoded = encode(self.observation, observations)
        if done.any():
            for copy in np.flatnonzero(done):
                cut = bool(truncated[copy] and not terminated[copy])
                infos[copy] = {"terminal_observation": encoded[copy], "TimeLimit.truncated": cut}
            encoded = encode(self.observation, self._restarted(observations, done))
        return encoded, rewards.astype(np.float32), done, infos

    def _restarted(self, observations: Any, done: Booleans) -> Any:
        """Reset the copies that are done and no others."""
        if done.all():
            return self._environment.reset()[0]
        before = observations[~done].copy()
        fresh, _ = self._environment.reset(options={"reset_mask": done})
        if not np.array_equal(fresh[~done], before):
            raise CapabilityError(
                f"{type(self._environment.unwrapped).__name__} resets every copy when asked for "
                "some, and a baseline resets each as it finishes; heed options['reset_mask'] in "
                "reset(), or use gymnasium.vector.SyncVectorEnv"
            )
        return fresh

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the vector environment, for each of ``indices``."""
        value = getattr(self._environment, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: the copies are one environment."""
        raise CapabilityError(f"cannot set {attr_name} of one copy; set it before adapting")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        """Refused: the copies are one environment."""
        raise CapabilityError(f"cannot call {method_name} of one copy; call it before adapting")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No copy is wrapped on its own."""
        return [False for _ in self._get_indices(indices)]


def _offered(environment: VectorEnv[Any, Any, Any], action: ActionSpec) -> Space[Any]:
    """The actions of a copy as a learner sees them: a box is moved to [-1, 1]."""
    if isinstance(action, ContinuousActionSpec):
        return Box(-1.0, 1.0, (action.size,), np.float32)
    return environment.single_action_space


def _executed(told: dict[str, Any], asked: Integers, count: int) -> Integers:
    """What was carried out, ``[N]``; where that is nothing an agent could ask for, what it asked.

    >>> _executed({"actual_action": np.array([2, -1])}, np.array([0, 1]), 4)
    array([2, 1])
    """
    carried_out = told.get("actual_action", asked)
    # Gymnasium fills what only some copies reported, and says beside it which did.
    reported = told.get("_actual_action", True) & (carried_out >= 0) & (carried_out < count)
    return np.where(reported, carried_out, asked)
