"""`DQNAlgorithm`: DQN of stable-baselines3 in one environment, storable without pickle.

Knows no demonstrations. Importing it loads stable-baselines3.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from gymnasium.vector import VectorEnv
from stable_baselines3.common.logger import Logger
from torch import Tensor, nn

from driftline.baselines.contained import contained
from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.encoding import encode
from driftline.baselines.epsilon_greedy import EpsilonGreedyDQN, epsilon_greedy
from driftline.baselines.replay import Replay
from driftline.baselines.scaled import Scaled
from driftline.data.trajectories import Trajectories
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.spaces.specs import DiscreteActionSpec, discrete
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part


class DQNAlgorithm:
    """Action values and how far from greedy to act on them, improved one round at a time.

    A round's learning begins with a reset of the environment and draws from its own
    seed; epsilon follows from how many of the run's ``rounds`` were learnt.
    """

    def __init__(
        self,
        environment: VectorEnv[Any, Any, Any],
        settings: DQNSettings,
        rounds: int,
        seed: int,
    ) -> None:
        self._scaled = Scaled(environment, settings.discount)
        self._world = self._scaled.world
        discrete(self._world.action)  # or it is refused in the house's own words
        self._settings = settings
        self._rounds = rounds
        self._learnt = 0
        with contained(integer_seed(seed, "weights")):
            self._dqn = _untrained(self._scaled, settings)
        self._dqn.set_logger(Logger(None, []))
        self._previous = copy.deepcopy(self._dqn.q_net)

    @property
    def gradient_updates(self) -> int:
        """Steps of the optimiser so far."""
        return self._dqn.updates

    @property
    def family(self) -> DiscreteActionSpec:
        """One of so many actions."""
        return discrete(self._world.action)

    def epsilon(self, later: float = 0.0) -> float:
        """The share of actions by chance, ``later`` rounds from where the schedule is."""
        return self._settings.epsilon(max(0.0, self._learnt + later) / self._rounds)

    def known(self, observations: Any) -> Floats:
        """Of every action under the current values and epsilon, ``float64 [B, A]``."""
        return self._of(self._dqn.q_net, self.epsilon(), observations)

    def previously_known(self, observations: Any) -> Floats:
        """Of every action under the values and the epsilon before the last `improve`."""
        return self._of(self._previous, self.epsilon(-1.0), observations)

    def _of(self, values: nn.Module, epsilon: float, observations: Any) -> Floats:
        encoded = torch.from_numpy(encode(self._world.observation, observations))
        with torch.inference_mode():
            return epsilon_greedy(values(encoded).numpy(), epsilon)

    def improve(self, recorded: Trajectories, seed: int) -> dict[str, float]:
        """Play from a reset and learn on the way; returns loss and epsilon.

        As many steps as were ``recorded``, but at least ``fewest_steps``, spread evenly over
        the copies and rounded up. There is no loss before the first gradient step.
        """
        self._previous.load_state_dict(self._dqn.q_net.state_dict())
        steps = max(recorded.steps, self._settings.fewest_steps)
        total = -(-steps // self._world.num_envs) * self._world.num_envs
        self._world.seed(integer_seed(seed, "environment") % 2**31)
        draw = generator(seed, "exploration")
        rate = self._settings.rate(self._learnt / self._rounds)
        self._dqn.lr_schedule = lambda _: rate
        with contained(integer_seed(seed, "learning")):
            reported = self._dqn.go_on(total, draw, self.epsilon)
        self._learnt += 1
        loss = {} if reported is None else {"loss": reported}
        return {**loss, "epsilon": self.epsilon()}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Values now and before, target network, optimiser, counters and replay buffer."""
        moments, groups = optimiser_tensors(self._dqn.policy.optimizer)
        kept, place = self._replay.state()
        parts = {
            "policy": self._dqn.policy.state_dict(),
            "previous": self._previous.state_dict(),
            "optimiser": moments,
            "replay": kept,
        }
        tensors = {
            f"{p}.{name}": each for p, named in parts.items() for name, each in named.items()
        }
        counted = {"learnt": self._learnt, **self._dqn.counters()}
        values = {"optimiser": groups, "replay": place, "counters": counted}
        return tensors, {**values, "returns": self._scaled.state()}

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load what `state` gave; nothing of ``history`` was learnt from."""
        policy = self._dqn.policy
        policy.load_state_dict(part(tensors, "policy."))
        self._previous.load_state_dict(part(tensors, "previous."))
        load_optimiser(policy.optimizer, part(tensors, "optimiser."), values["optimiser"])
        self._replay.restore(part(tensors, "replay."), values["replay"])
        counted = dict(values["counters"])
        self._learnt = counted.pop("learnt")
        self._scaled.restore(values["returns"])
        self._dqn.count(**counted)

    @property
    def _replay(self) -> Replay:
        buffer = self._dqn.replay_buffer
        assert isinstance(buffer, Replay)
        return buffer


def _untrained(world: Scaled, settings: DQNSettings) -> EpsilonGreedyDQN:
    copies, per_update = world.num_envs, settings.steps_per_update
    return EpsilonGreedyDQN(
        "MlpPolicy",
        world,
        learning_rate=settings.learning_rate,
        buffer_size=settings.buffer_size,
        learning_starts=settings.learning_starts,
        batch_size=settings.batch,
        gamma=settings.discount,
        # The library counts one step of all copies as one.
        train_freq=max(1, per_update // copies),
        gradient_steps=max(1, copies // per_update),
        target_update_interval=max(copies, settings.target_every),
        max_grad_norm=settings.gradient_norm,
        replay_buffer_class=Replay,
        replay_buffer_kwargs={"spec": world.world.observation},
        policy_kwargs={
            "net_arch": [settings.width] * settings.layers,
            "optimizer_kwargs": {"fused": True},
        },
        device="cpu",
        learn_from=settings.learn_from,
    )
