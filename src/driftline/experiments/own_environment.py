"""One's own environment, in as many copies as a round plays episodes.

Knows Gymnasium and what demonstrations say of where they were recorded; no model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from gymnasium.spaces.utils import flatdim
from gymnasium.vector import SyncVectorEnv, VectorEnv, VectorObservationWrapper
from gymnasium.vector.utils import batch_space

import driftline.environments  # noqa: F401 - registers its worlds
from driftline.agents.rollout import check_autoreset
from driftline.data.demonstrations import Demonstrations
from driftline.data.gymnasium_spaces import action_spec, end_to_end, observation_spec
from driftline.data.recorded_environment import RECORDED_IN, RecordedEnvironment
from driftline.environments.reporting import Reporting
from driftline.errors import SettingsError, SpaceError

Make = Callable[[], gymnasium.Env[Any, Any]]
Single = str | Make | gymnasium.Env[Any, Any] | None
OwnEnvironment = Single | VectorEnv[Any, Any, Any]
"""A Gymnasium id, a function that makes an environment, an environment that can be
copied, a vector environment that resets on the next step, or None: the demonstrated one."""

REFUSALS = (gymnasium.error.Error, ImportError, TypeError, ValueError)


class EndToEnd(VectorObservationWrapper[Any, Any, Any, Any]):
    """What is observed in parts, as one vector of all of them in the order of their names.

    Raises `SpaceError` where the parts are no vectors.
    """

    def __init__(self, environment: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(environment)
        self._parts = environment.single_observation_space
        observation_spec(self._parts)
        size = flatdim(self._parts)
        self.single_observation_space = Box(-np.inf, np.inf, (size,), np.float64)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def observations(self, observations: Any) -> Any:
        """``{name: [B, ...]}`` to ``[B, size]``."""
        return end_to_end(self._parts, observations)


def vectorised(
    environment: OwnEnvironment, demonstrations: Demonstrations, copies: int
) -> VectorEnv[Any, Any, Any]:
    """``copies`` copies of ``environment``, or the vector environment it is.

    What is observed as a `Dict` comes end to end, as demonstrations have it.

    Raises `SettingsError` where it cannot be made or is not clear, `SpaceError`
    where its spaces are not the demonstrations'.
    """
    if isinstance(environment, VectorEnv):
        whole = environment
    else:
        make = _maker(environment, demonstrations)
        whole = SyncVectorEnv([make] * copies)
    if isinstance(whole.single_observation_space, Dict):
        whole = EndToEnd(whole)
    check_autoreset(whole)
    _check_spaces(whole, demonstrations)
    return Reporting(whole)


def described(environment: VectorEnv[Any, Any, Any]) -> str:
    """The environment as a manifest names it: id, settings, time limit and wrappers."""
    whole: Any = environment.unwrapped
    single = whole.envs[0] if isinstance(whole, SyncVectorEnv) else whole
    if single.spec is None:
        return type(single.unwrapped).__name__
    return f"{single.spec.id}{RecordedEnvironment.of(single.spec)}"


def _maker(environment: Single, demonstrations: Demonstrations) -> Make:
    match environment:
        case None:
            return _checked(*_demonstrated(demonstrations))
        case str():
            _check_clear(environment, demonstrations)
            return _checked(environment, partial(gymnasium.make, environment))
        case gymnasium.Env():
            return _checked(str(environment), partial(gymnasium.make, _copyable(environment)))
    # What goes wrong inside a caller's own function is for the caller to see whole.
    made = environment()
    if not isinstance(made, gymnasium.Env):
        raise SettingsError(
            f"the function that makes the environment gave {type(made).__name__}; "
            "return a gymnasium.Env"
        )
    made.close()
    return environment


def _checked(name: str, make: Make) -> Make:
    """``make``, once it has made something."""
    try:
        make().close()
    except REFUSALS as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"Gymnasium cannot make {name} ({reason}); give the id of an environment that is "
            "installed, or a function that makes it"
        ) from error
    return make


def _demonstrated(demonstrations: Demonstrations) -> tuple[str, Make]:
    """What made the environment that was demonstrated, as far as the dataset says."""
    name = demonstrations.environment_id
    if name is None:
        raise SettingsError(
            "the demonstrations do not say where they were recorded; give a Gymnasium id or a "
            "function that makes the environment"
        )
    if name not in gymnasium.registry:
        raise SettingsError(
            f"the demonstrations are of {name}, which Gymnasium does not know; import the package "
            "that registers it, or give a function that makes it"
        )
    recorded = _recorded(demonstrations) or RecordedEnvironment()
    if recorded.wrappers:
        raise SettingsError(
            f"the demonstrations are of {name}{recorded}, and wrappers are not made on a dataset's "
            "word; give a function that makes the environment with them"
        )
    make = partial(gymnasium.make, name, max_episode_steps=recorded.time_limit, **recorded.settings)
    return f"{name}{recorded}", make


def _check_clear(name: str, demonstrations: Demonstrations) -> None:
    """An id alone must not make another environment than was demonstrated under that id."""
    recorded, known = _recorded(demonstrations), gymnasium.registry.get(name)
    if recorded is None or known is None or name != demonstrations.environment_id:
        return
    if recorded != RecordedEnvironment.of(known):
        raise SettingsError(
            f"the demonstrations are of {name}{recorded}, which the id alone does not make; leave "
            "the environment out to play theirs, or give a function that makes the one you mean"
        )


def _recorded(demonstrations: Demonstrations) -> RecordedEnvironment | None:
    said = demonstrations.provenance.get(RECORDED_IN)
    return None if said is None else RecordedEnvironment.from_json(said)


def _copyable(environment: gymnasium.Env[Any, Any]) -> Any:
    if environment.spec is None:
        raise SettingsError(
            f"{environment} cannot be copied, Gymnasium does not know how it was made; "
            "give a function that makes it"
        )
    return environment.spec


def _check_spaces(copies: VectorEnv[Any, Any, Any], demonstrations: Demonstrations) -> None:
    found = (
        observation_spec(copies.single_observation_space),
        action_spec(copies.single_action_space),
    )
    needed = (demonstrations.observation, demonstrations.action)
    if found != needed:
        raise SpaceError(
            f"the environment has {found[0]} and {found[1]}, the demonstrations have {needed[0]} "
            f"and {needed[1]}; give the environment that was demonstrated"
        )
