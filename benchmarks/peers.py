"""Decision transformers of other libraries, as they ship: what `control_speed.py` compares with.

Runs in an environment of its own, where nothing of Driftline is installed: reads names of
jobs from its standard input, one a line, and answers each with the milliseconds it took.
``python peers.py --check`` runs every job once.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

STATE, ACTION, CONTEXT = 11, 3, 20
"""Hopper's shape, and steps of context."""
FILLED = 0.1
"""For how many seconds a job is repeated, once at least."""


@dataclass(frozen=True)
class Size:
    """A configuration that is compared."""

    width: int
    layers: int
    heads: int
    batch: int


SIZES = {"small": Size(128, 3, 1, 64), "published": Size(512, 4, 4, 256)}
Job = Callable[[], object]


def drawn(batch: int) -> dict[str, torch.Tensor]:
    """Windows of a full context: what the peers are fastest with."""
    draw = torch.Generator().manual_seed(0)
    return {
        "states": torch.randn(batch, CONTEXT, STATE, generator=draw),
        "actions": torch.rand(batch, CONTEXT, ACTION, generator=draw) * 1.8 - 0.9,
        "returns": torch.rand(batch, CONTEXT, 1, generator=draw),
        "rewards": torch.rand(batch, CONTEXT, 1, generator=draw),
        "times": torch.arange(CONTEXT).expand(batch, -1),
    }


def descend(module: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One clipped gradient step."""
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(module.parameters(), 0.25)
    optimiser.step()


def transformers_model(size: Size) -> torch.nn.Module:
    """Hugging Face's model of vectors, with the sizes of its GPT-2."""
    from transformers import DecisionTransformerConfig, DecisionTransformerModel

    config = DecisionTransformerConfig(
        state_dim=STATE,
        act_dim=ACTION,
        hidden_size=size.width,
        n_layer=size.layers,
        n_head=size.heads,
        n_inner=4 * size.width,
        max_ep_len=1000,
        activation_function="relu",
    )
    return DecisionTransformerModel(config)


def transformers_call(model: torch.nn.Module, batch: int) -> tuple[Callable[[], Any], torch.Tensor]:
    """The model on windows that are full, and the actions that were taken in them."""
    whole = drawn(batch)
    given = {
        "states": whole["states"],
        "actions": whole["actions"],
        "rewards": whole["rewards"],
        "returns_to_go": whole["returns"],
        "timesteps": whole["times"],
        "attention_mask": torch.ones(batch, CONTEXT),
    }
    return lambda: model(**given), whole["actions"]


def transformers_training(size: Size) -> Job:
    """It has no loss of its own; its documentation trains by squared error."""
    model = transformers_model(size).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    called, actions = transformers_call(model, size.batch)
    return lambda: descend(model, optimiser, (called().action_preds - actions).square().mean())


def transformers_acting(size: Size, copies: int) -> Job:
    """A context is encoded anew for every action, as in its documentation."""
    called, _ = transformers_call(transformers_model(size).eval(), copies)

    def step() -> None:
        with torch.no_grad():
            called()

    return step


def torchrl_actor(size: Size) -> torch.nn.Module:
    """TorchRL's online decision transformer, a squashed Gaussian."""
    from tensordict.nn import TensorDictModule
    from torchrl.modules import OnlineDTActor, ProbabilisticActor, TanhNormal
    from torchrl.modules.models.decision_transformer import DecisionTransformer

    config = DecisionTransformer.DTConfig(
        n_embd=size.width, n_layer=size.layers, n_head=size.heads, n_inner=4 * size.width
    )
    network = TensorDictModule(
        OnlineDTActor(STATE, ACTION, config),
        in_keys=["observation", "action", "return_to_go"],
        out_keys=["loc", "scale"],
    )
    return ProbabilisticActor(
        network,
        in_keys=["loc", "scale"],
        distribution_class=TanhNormal,
        distribution_kwargs={"low": -1.0, "high": 1.0},
        return_log_prob=False,
    )


def torchrl_windows(batch: int) -> object:
    """A batch as TorchRL wants it."""
    from tensordict import TensorDict

    whole = drawn(batch)
    named = {
        "observation": whole["states"],
        "action": whole["actions"],
        "return_to_go": whole["returns"],
    }
    return TensorDict(named, batch_size=[batch, CONTEXT])


def torchrl_training(size: Size) -> Job:
    """Its own loss: negative log-likelihood, entropy and temperature."""
    from torchrl.objectives import OnlineDTLoss

    loss = OnlineDTLoss(torchrl_actor(size), target_entropy=-float(ACTION))
    optimiser = torch.optim.AdamW(loss.parameters(), lr=1e-4)
    batch = torchrl_windows(size.batch)

    def step() -> None:
        found = loss(batch)
        total = found["loss_log_likelihood"] + found["loss_entropy"] + found["loss_alpha"]
        descend(loss, optimiser, total)

    return step


def torchrl_acting(size: Size, copies: int) -> Job:
    """The actor on a whole context: it keeps no cache."""
    actor, batch = torchrl_actor(size).eval(), torchrl_windows(copies)

    def step() -> None:
        with torch.no_grad():
            actor(batch.clone())  # type: ignore[attr-defined]

    return step


def d3rlpy_algorithm(size: Size) -> object:
    """d3rlpy's offline decision transformer, built for Hopper."""
    import d3rlpy

    algorithm = d3rlpy.algos.DecisionTransformerConfig(
        batch_size=size.batch,
        context_size=CONTEXT,
        num_heads=size.heads,
        num_layers=size.layers,
        max_timestep=1000,
        encoder_factory=d3rlpy.models.VectorEncoderFactory(
            [size.width], exclude_last_activation=True
        ),
    ).create(device="cpu")
    algorithm.build_with_dataset(d3rlpy_data())
    return algorithm


def d3rlpy_data() -> object:
    """Ten random episodes of 200 steps."""
    import d3rlpy

    draw = np.random.default_rng(0)
    steps = 2000
    ends = np.zeros(steps)
    ends[199::200] = 1.0
    return d3rlpy.dataset.MDPDataset(
        observations=draw.normal(size=(steps, STATE)).astype(np.float32),
        actions=draw.uniform(-0.9, 0.9, (steps, ACTION)).astype(np.float32),
        rewards=draw.random((steps, 1)).astype(np.float32),
        terminals=np.zeros(steps),
        timeouts=ends,
    )


def d3rlpy_training(size: Size) -> Job:
    """Its own update on one batch that was sampled before."""
    algorithm, data = d3rlpy_algorithm(size), d3rlpy_data()
    batch = data.sample_trajectory_batch(size.batch, CONTEXT)  # type: ignore[attr-defined]
    return lambda: algorithm.update(batch)  # type: ignore[attr-defined]


def d3rlpy_acting(size: Size, copies: int) -> Job:
    """One environment at a time is all that it acts in."""
    assert copies == 1
    algorithm = d3rlpy_algorithm(size)
    acting = algorithm.as_stateful_wrapper(target_return=3600.0)  # type: ignore[attr-defined]
    seen = np.zeros(STATE, np.float32)
    for _ in range(CONTEXT):
        acting.predict(seen, 1.0)
    return lambda: acting.predict(seen, 1.0)


def d3rlpy_sampling(batch: int) -> Job:
    """A batch of windows from its replay buffer."""
    data = d3rlpy_data()
    return lambda: data.sample_trajectory_batch(batch, CONTEXT)  # type: ignore[attr-defined]


def jobs() -> Iterator[tuple[str, Callable[[], Job]]]:
    """Every job by its name, made when it is first asked for."""
    for name, size in SIZES.items():
        yield f"train {name} transformers", lambda size=size: transformers_training(size)
        yield f"train {name} torchrl", lambda size=size: torchrl_training(size)
        yield f"train {name} d3rlpy", lambda size=size: d3rlpy_training(size)
        for copies in (1, 64):
            act = f"act {name} {copies}"
            yield (
                f"{act} transformers",
                lambda size=size, copies=copies: transformers_acting(size, copies),
            )
            yield f"{act} torchrl", lambda size=size, copies=copies: torchrl_acting(size, copies)
        yield f"act {name} 1 d3rlpy", lambda size=size: d3rlpy_acting(size, 1)
    yield "sample 256 d3rlpy", lambda: d3rlpy_sampling(256)


def seconds(job: Job) -> float:
    """What a job takes: the mean of as many in a row as fill `FILLED` seconds."""
    began, count = time.perf_counter(), 0
    while not count or time.perf_counter() - began < FILLED:
        job()
        count += 1
    return (time.perf_counter() - began) / count


def main() -> None:
    warnings.simplefilter("ignore")
    known: dict[str, Callable[[], Job]] = dict(jobs())
    ready: dict[str, Job] = {}
    asked = list(known) if "--check" in sys.argv else (line.strip() for line in sys.stdin)
    for name in asked:
        if name not in ready:
            task = name.rpartition(" ")[0]
            ready = {each: job for each, job in ready.items() if each.rpartition(" ")[0] == task}
            ready[name] = known[name]()
            ready[name]()
        ready[name]()
        print(f"{name}\t{1e3 * seconds(ready[name]):.3f}", flush=True)


if __name__ == "__main__":
    main()
