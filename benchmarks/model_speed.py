"""How fast the default model learns and acts on 7 x 9 boards, on one thread.

Run it alone on a quiet machine: ``OMP_NUM_THREADS=1 python benchmarks/model_speed.py``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec

BOARD = CodesSpec((7, 9), 6)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median CPU seconds of ``work`` after a warm-up; one thread, so also wall-clock ones."""
    for _ in range(3):
        work()
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return float(np.median(seconds))


def boards(count: int, draw: np.random.Generator) -> np.ndarray:
    """``uint8 [count, 7, 9]``: walls around, 13 plants in fixed places, the walker anywhere."""
    made = np.zeros((count, 7, 9), np.uint8)
    made[:, 1:-1, 1:-1] = 1
    made[:, 2, 1:7] = draw.integers(3, 5, size=(count, 6))
    made[:, 5, 1:8] = draw.integers(3, 5, size=(count, 7))
    made[np.arange(count), draw.integers(1, 6, size=count), draw.integers(1, 8, size=count)] = 2
    return made


def demonstrations(episodes: int, steps: int) -> WindowSource:
    """Random play in a world like the tomatoes': walls, 13 plants in two states, one walker."""
    draw = np.random.default_rng(0)
    return WindowSource.of(
        Trajectories.of(
            [
                Trajectory(
                    boards(steps + 1, draw),
                    draw.integers(4, size=steps),
                    draw.random(steps),
                    terminated=False,
                    truncated=True,
                )
                for _ in range(episodes)
            ]
        )
    )


def learning(model: TrajectoryTransformer, source: WindowSource, repeats: int) -> float:
    """Seconds of one step: sample 64 windows of 24 steps, loss, backward, Adam."""
    draw, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        model.loss(source.sample(64, 24, draw), generator).total.backward()
        optimiser.step()

    return median_seconds(step, repeats)


def acting(model: TrajectoryTransformer, batch: int, repeats: int) -> float:
    """Seconds of one step of ``batch`` conditioned episodes, past the context length."""
    seen = boards(batch, np.random.default_rng(0))
    asked, generator = np.full(batch, 20.0), torch.Generator().manual_seed(0)
    state = model.begin(batch)
    for _ in range(20):
        _, state = model.act(state, seen, asked, generator)
    return median_seconds(lambda: model.act(state, seen, asked, generator), repeats)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=60)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    source = demonstrations(50, 100)
    returns = ReturnCodec.fit(source.returns_to_go)
    fused = TransformerConfig()
    for name, config in (
        ("fused", fused),
        ("fused, elapsed", replace(fused, time="elapsed")),
        ("fused, convolution", replace(fused, board_encoder="convolution")),
        ("three tokens", replace(fused, tokens="three")),
    ):
        model = TrajectoryTransformer(config, BOARD, DiscreteActionSpec(4), returns)
        line = f"{name:>20}: learn 64 x 24 {learning(model, source, repeats) * 1e3:6.1f} ms"
        for batch in (1, 64, 512):
            seconds = acting(model, batch, repeats)
            line += f" | act {batch} {seconds * 1e3:.2f} ms ({batch / seconds:,.0f}/s)"
        print(line, flush=True)


if __name__ == "__main__":
    main()
