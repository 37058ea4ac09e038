"""How fast decision transformers of Hopper's shape learn, act and sample, beside other libraries'.

    python benchmarks/control_speed.py              # about a quarter of an hour, on a quiet machine
    python benchmarks/control_speed.py --rounds 3 --only act

The first call makes ``.venv-peers`` with TorchRL, transformers and d3rlpy, which cannot be
installed beside Driftline. Everything is timed in turn in one run, so that a machine that
slows down slows all; ratios are of medians, on ``--threads`` threads. ``--only`` and ``--kinds``
leave something out; `MODELS` are what is compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import peers
import torch
from torch.utils.flop_counter import FlopCounterMode

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.data.windows import WindowSource
from driftline.experiments.freed_memory import keep_freed_memory
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import Tokens, TransformerConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.entropy_floor import EntropyFloor, Floor
from driftline.training.update import UpdateSettings, make_optimiser, update

ENVIRONMENT = Path(".venv-peers")
NEEDED = ("torch==2.13.0", "transformers>=5,<6", "torchrl>=0.14,<0.15", "d3rlpy>=2.8,<3")
LIBRARIES = ("transformers", "torchrl", "d3rlpy")


@dataclass(frozen=True)
class Kind:
    """A model of Driftline's: the peers have three ``tokens`` and an ``expansion`` of 4.

    ``published``: it learns as the online decision transformer does, with dropout, LAMB and a
    floor under its entropy, and plain embeddings.
    """

    tokens: Tokens = "fused"
    expansion: int = 4
    published: bool = False


MODELS = {
    "fused": Kind(),
    "narrow": Kind(expansion=TransformerConfig.expansion),
    "three": Kind("three"),
    "preset": Kind("three", published=True),
}
KINDS = tuple(f"{name}{bits}" for name in MODELS for bits in ("", "-bf16"))
"""In single precision, or with products in half of its bits; ``narrow`` is what Driftline has
where nothing else is asked for."""
SIZES = {"20 thousand": 20_000, "a million": 10**6, "10 million": 10**7}
"""Steps that windows are drawn from."""
SAMPLED = "sample 256"
Making = Callable[[], Callable[[], object]]


class Peers:
    """The other libraries in a process of their own, asked job by job."""

    def __init__(self, threads: int) -> None:
        python = ENVIRONMENT / "bin" / "python"
        if not python.exists():
            print(f"making {ENVIRONMENT}, once", flush=True)
            venv.create(ENVIRONMENT, with_pip=True)
        # Another comparison may have made it, with other libraries; what is there costs no time.
        subprocess.run([python, "-m", "pip", "install", "-q", *NEEDED], check=True)
        counted = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self._process = subprocess.Popen(
            [python, Path(__file__).parent / "peers.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **counted},
        )

    def milliseconds(self, job: str) -> float:
        """What one job took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{job}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:  # whatever else a library prints is passed over
            name, _, told = line.rstrip("\n").partition("\t")
            if name == job:
                return float(told)
        raise RuntimeError(
            f"{job} ended the process; run {ENVIRONMENT}/bin/python peers.py --check"
        )

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def source(steps: int) -> WindowSource:
    """Random episodes of 500 steps, forty of them over and over."""
    draw = np.random.default_rng(0)
    some = [
        Trajectory(
            draw.normal(size=(501, peers.STATE)).astype(np.float32),
            draw.uniform(-0.9, 0.9, (500, peers.ACTION)).astype(np.float32),
            draw.random(500),
            terminated=False,
            truncated=True,
        )
        for _ in range(40)
    ]
    return WindowSource.of(Trajectories.of([some[k % 40] for k in range(steps // 500)]))


def untrained(size: peers.Size, kind: str, data: WindowSource) -> TrajectoryTransformer:
    """Driftline's model of the size; the return head comes with it."""
    name, _, bits = kind.partition("-")
    of = MODELS[name]
    config = TransformerConfig(
        width=size.width,
        layers=size.layers,
        heads=size.heads,
        context_length=peers.CONTEXT,
        horizon=1000,
        tokens=of.tokens,
        expansion=of.expansion,
        gaussian="squashed",
        acting_precision="bfloat16" if bits else "float32",
    )
    if of.published:
        config = replace(config, time="none", dropout=0.1, embeddings="plain", acting_context=5)
    return TrajectoryTransformer(
        config,
        VectorSpec(peers.STATE),
        ContinuousActionSpec((-1.0,) * peers.ACTION, (1.0,) * peers.ACTION),
        ReturnCodec.fit(data.returns_to_go),
        VectorCodec.fit(data.trajectories.observations),
        seed=0,
    )


def training(size: peers.Size, kind: str, data: WindowSource) -> Callable[[], object]:
    """One update: windows are sampled, as none of the peers' steps does."""
    model, published = untrained(size, kind, data).train(), MODELS[kind.partition("-")[0]].published
    precision = model.config.acting_precision
    settings = UpdateSettings(size.batch, peers.CONTEXT, precision=precision)
    floor = None
    if published:
        settings = replace(settings, optimiser="lamb", gradient_norm=0.25, overhang=False)
        floor = Floor(EntropyFloor(-float(peers.ACTION), 1e-4, 0.1, by="adam"), model)
    optimiser = make_optimiser(model, settings)
    seeds = iter(range(10**9))
    return lambda: list(update(model, optimiser, data, settings, [1.0], next(seeds), floor))


def acting(size: peers.Size, kind: str, copies: int, data: WindowSource) -> Callable[[], object]:
    """One step of every copy from the cache, in the middle of their episodes."""
    model = untrained(size, kind, data).eval()
    state, draw = model.begin(copies), torch.Generator().manual_seed(0)
    seen, asked = np.zeros((copies, peers.STATE), np.float32), np.ones(copies)
    for _ in range(2 * peers.CONTEXT):
        model.act(state, seen, asked, draw)
    return lambda: model.act(state, seen, asked, draw)


def sampling(steps: int) -> Callable[[], object]:
    """256 windows of so many steps."""
    data, draw = source(steps), np.random.default_rng(0)
    return lambda: data.sample(256, peers.CONTEXT, draw)


def own_jobs(only: str, kinds: Sequence[str]) -> dict[str, dict[str, Making]]:
    """Driftline's jobs whose names begin with ``only``, task by task, not made yet."""
    known: dict[str, Making] = {
        f"{SAMPLED} of {told}": partial(sampling, steps) for told, steps in SIZES.items()
    }
    data = source(SIZES["20 thousand"])
    for name, size in peers.SIZES.items():
        for kind in kinds:
            known[f"train {name} {kind}"] = partial(training, size, kind, data)
            if MODELS[kind.partition("-")[0]].published:
                continue  # it acts on its last five steps, where the peers have twenty
            for copies in (64,) if "-" in kind else (1, 64):  # one acts in single precision
                known[f"act {name} {copies} {kind}"] = partial(acting, size, kind, copies, data)
    tasks: dict[str, dict[str, Making]] = defaultdict(dict)
    for name, making in known.items():
        if name.startswith(only):
            tasks[task_of(name)][name] = making
    return tasks


def task_of(name: str) -> str:
    """What a job has to do, whoever does it.

    >>> task_of("act small 64 fused-bf16"), task_of("sample 256 of a million")
    ('act small 64', 'sample 256')
    """
    return SAMPLED if name.startswith(SAMPLED) else name.rpartition(" ")[0]


def timed(job: Callable[[], object]) -> float:
    """Milliseconds of a job: the mean of as many in a row as fill `peers.FILLED` seconds.

    One goes before them, since what ran before has the processor's caches.
    """
    job()
    return 1e3 * peers.seconds(job)


def flops(job: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products of a job."""
    with FlopCounterMode(display=False) as counter:
        job()
    return int(counter.get_total_flops())


def peak(precision: torch.dtype) -> float:
    """Operations a second of a large product, in this moment."""
    left = torch.randn(2048, 2048).to(precision)
    return 2 * 2048**3 / (1e-3 * timed(lambda: left @ left))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="jobs whose name begins so")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()  # as whatever Driftline learns in does
    others = Peers(options.threads)
    peaks: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    took: dict[str, float] = {}
    operations: dict[str, int] = {}
    tasks = own_jobs(options.only, options.kinds)
    if not tasks:
        sys.exit(f"no job begins with {options.only!r}; they are {', '.join(own_jobs('', KINDS))}")
    for task, making in tasks.items():
        # One task at a time: what lies idle in memory meanwhile makes everybody slower.
        own = {name: make() for name, make in making.items()}
        theirs = [name for name, _ in peers.jobs() if task_of(name) == task]
        found: dict[str, list[float]] = defaultdict(list)
        for _ in range(options.rounds):
            for precision, each in peaks.items():
                each.append(peak(precision))
            for name, job in own.items():
                found[name].append(timed(job))
            for name in theirs:
                found[name].append(others.milliseconds(name))
        took |= {name: statistics.median(each) for name, each in found.items()}
        operations |= {name: flops(job) for name, job in own.items() if name.startswith("train")}
        del own
    others.close()
    report([name for making in tasks.values() for name in making], took)
    limits = {precision: statistics.median(each) for precision, each in peaks.items()}
    print(f"\na product of 2048 x 2048 on {options.threads} threads:", end=" ")
    print(", ".join(f"{limit / 1e9:.0f} GFLOP/s in {str(of)[6:]}" for of, limit in limits.items()))
    for name, count in operations.items():
        limit = limits[torch.bfloat16 if name.endswith("-bf16") else torch.float32]
        rate = count / (1e-3 * took[name])
        print(f"{name}: {rate / 1e9:.0f} GFLOP/s, {rate / limit:.0%} of that")


def report(own: Iterable[str], medians: Mapping[str, float]) -> None:
    """A line for each of Driftline's jobs: its time, theirs, and how many times the fastest."""
    print(f"{'job':28}{'ms':>9}" + "".join(f"{name:>14}" for name in LIBRARIES) + f"{'ratio':>9}")
    for name in own:
        found = [medians.get(f"{task_of(name)} {library}") for library in LIBRARIES]
        fastest = min((each for each in found if each is not None), default=float("nan"))
        cells = "".join(f"{'-' if each is None else format(each, '.2f'):>14}" for each in found)
        mine = medians[name]
        print(f"{name:28}{mine:>9.2f}{cells}{fastest / mine:>8.1f}x")


if __name__ == "__main__":
    main()
