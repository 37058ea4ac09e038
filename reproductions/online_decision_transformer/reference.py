"""The online decision transformer as published (Zheng et al. 2022, arXiv:2202.05607), plainly.

Knows nothing of Driftline, which need not be installed where it runs: model, training and play
are put together from transformers, torch, torch-optimizer and Gymnasium.

    python reference.py --data seed-000.npz --out seed-000.jsonl

Without other options sizes and rates are those published for Hopper; with ``--device cuda`` it
learns on a GPU, and plays on the processor, where single steps are sooner done. A run that was
killed goes on from what it stored last when it is started again, and ends with the numbers of
one that was not.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from episodes import Episode, Settings, demonstrations, windows
from policy import Policy, play, squashed
from torch import nn
from torch_optimizer import Lamb

EDGE = 1.0 - 1e-6
"""Actions count as no larger where they are learnt from: at 1 there is no density."""
STORE_EVERY = 1_000
"""Updates of the offline phase after which it is stored again."""
RECENT = 250
"""Over so many updates the likelihood and the entropy are averaged that are told."""


class Training:
    """A policy that learns from ``data`` and then from what it does, on ``device``."""

    def __init__(self, settings: Settings, data: list[Episode], device: str = "cpu") -> None:
        # The libraries' dropout and sampling draw from the process's own generator.
        torch.manual_seed(settings.seed)  # noqa: TID251
        self.settings, self.data, self.device = settings, data, device
        self.draw = np.random.default_rng(settings.seed)
        self.environment = gymnasium.make(settings.environment)
        states = torch.cat([each.states for each in data])
        self.policy = Policy(settings, states, data[0].actions.shape[1]).to(device)
        self.copied: tuple[int, Policy] | None = None
        self.optimiser = Lamb(
            [each for each in self.policy.parameters() if each.requires_grad],
            lr=settings.learning_rate,
            eps=1e-8,
            weight_decay=settings.weight_decay,
        )
        self.log_temperature = nn.Parameter(torch.tensor(settings.temperature).log().to(device))
        self.by_adam = torch.optim.Adam([self.log_temperature], lr=settings.temperature_rate)
        self.replay = sorted(data, key=lambda each: each.whole)[-settings.replay :]
        self.recent: list[tuple[float, float]] = []
        self.judged: list[dict[str, Any]] = []
        self.updates = self.rounds = self.steps = 0

    def learn(self, episodes: Sequence[Episode]) -> None:
        """One update of the policy and one of the temperature.

        Likelihood and entropy are means over the steps that are real; the entropy is that of
        one sample at each.
        """
        self.policy.train()
        drawn, real = windows(episodes, self.settings, self.draw)
        batch = Episode(*(each.to(self.device) for each in drawn))
        real = real.to(self.device)
        mean, deviation = self.policy(*batch)
        known, actions = squashed(mean[real], deviation[real]), batch.actions[real]
        likelihood = known.log_prob(actions.clamp(-EDGE, EDGE)).sum(-1).mean()
        entropy = -known.log_prob(known.rsample()).sum(-1).mean()
        temperature = self.log_temperature.exp()
        self._descend(-likelihood - temperature.detach() * entropy)
        self.by_adam.zero_grad()
        (temperature * (entropy.detach() + actions.shape[1])).backward()
        self.by_adam.step()
        self.recent = [*self.recent, (-likelihood.item(), entropy.item())][-RECENT:]

    def _descend(self, loss: torch.Tensor) -> None:
        settings = self.settings
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.policy.parameters(), settings.gradient_norm)
        self.updates += 1
        for group in self.optimiser.param_groups:
            group["lr"] = settings.learning_rate * min(1.0, self.updates / settings.warm_up)
        self.optimiser.step()

    def explore(self) -> None:
        """One more episode, in place of the oldest where the replay is full."""
        episode = self._play(self.settings.explored, (0, self.rounds), sampled=True)
        self.replay = [*self.replay, episode][-self.settings.replay :]
        self.rounds += 1
        self.steps += episode.steps

    def judge(self) -> None:
        """What the mean action earns, now."""
        returns = [
            self._play(self.settings.asked, (1, self.steps, number), sampled=False).whole
            for number in range(self.settings.judge_episodes)
        ]
        nll, entropy = np.mean(self.recent, axis=0).tolist() if self.recent else (None, None)
        told = {"gradient_updates": self.updates, "action_nll": nll, "entropy": entropy}
        self.judged.append({"environment_steps": self.steps, "returns": returns, **told})
        print(f"{self.updates} updates, {self.steps} steps: {np.mean(returns):.1f}", flush=True)

    def _play(self, asked: float, path: tuple[int, ...], sampled: bool) -> Episode:
        words = np.random.SeedSequence([self.settings.seed, *path]).generate_state(1)
        seed = int(words[0])
        return play(self.beside(), self.environment, self.settings, asked, seed, sampled)

    def beside(self) -> Policy:
        """The policy on the processor: itself, or a copy of what it is now."""
        if self.device == "cpu":
            return self.policy
        if self.copied is None or self.copied[0] != self.updates:
            self.copied = self.updates, copy.deepcopy(self.policy).cpu()
        return self.copied[1]

    def run(self, out: Path) -> None:
        """Both phases, or what is left of them."""
        settings = self.settings
        while self.updates < settings.pretraining:
            self.learn(self.data)
            if self.updates % STORE_EVERY == 0:
                self.store(out)
        if not self.judged:
            self.judge()
            self.store(out)
        while self.steps < settings.steps:
            before = self.steps // settings.judge_every
            self.explore()
            for _ in range(settings.updates):
                self.learn(self.replay)
            if self.steps >= settings.steps or before < self.steps // settings.judge_every:
                self.judge()
                self.store(out)

    def store(self, out: Path) -> None:
        """Write the judgements to ``out`` and all that changes beside it."""
        lines = "".join(f"{json.dumps(each)}\n" for each in self.judged)
        _whole(out, lambda path: path.write_text(lines))
        _whole(_beside(out), lambda path: torch.save(self.state(), path))

    def state(self) -> dict[str, Any]:
        """Tensors and plain values."""
        return {
            "settings": asdict(self.settings),
            "policy": self.policy.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "log_temperature": self.log_temperature.detach(),
            "by_adam": self.by_adam.state_dict(),
            "replay": [tuple(each) for each in self.replay],
            "recent": self.recent,
            "judged": self.judged,
            "counts": (self.updates, self.rounds, self.steps),
            "draw": json.dumps(self.draw.bit_generator.state),
            "torch": torch.get_rng_state(),
            "device": self.device,
            "cuda": None if self.device == "cpu" else torch.cuda.get_rng_state(self.device),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Load what `state` gave; ends the program where it is that of other settings."""
        if state["settings"] != asdict(self.settings):
            sys.exit("what is stored was made with other settings; give those, or another --out")
        if state["device"] != self.device:
            sys.exit(f"what is stored was made on {state['device']}; give that, or another --out")
        self.policy.load_state_dict(state["policy"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.log_temperature.data.copy_(state["log_temperature"])
        self.by_adam.load_state_dict(state["by_adam"])
        self.replay = [Episode(*each) for each in state["replay"]]
        self.recent, self.judged = state["recent"], state["judged"]
        self.updates, self.rounds, self.steps = state["counts"]
        self.draw.bit_generator.state = json.loads(state["draw"])
        torch.set_rng_state(state["torch"])
        if self.device != "cpu":
            torch.cuda.set_rng_state(state["cuda"], self.device)
        self.copied = None


def _beside(out: Path) -> Path:
    return out.with_suffix(".pt")


def _whole(path: Path, write: Any) -> None:
    """Let ``write`` make a file that takes the place of ``path`` once it is whole."""
    partial = path.with_name(f"{path.name}.partial")
    write(partial)
    os.replace(partial, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="demonstrations, an .npz")
    parser.add_argument("--out", type=Path, required=True, help="judgements, as JSON lines")
    parser.add_argument("--device", default="cpu", help="where it learns: cpu or cuda")
    for each in fields(Settings):
        flag, kind = each.name.replace("_", "-"), type(each.default)
        parser.add_argument(f"--{flag}", type=kind, default=each.default, help=f"{each.default}")
    options = vars(parser.parse_args())
    data, out = demonstrations(options.pop("data")), options.pop("out")
    device = options.pop("device")
    training = Training(Settings(**options), data, device)
    if _beside(out).exists():
        training.restore(torch.load(_beside(out), map_location="cpu", weights_only=True))
    training.run(out)


if __name__ == "__main__":
    main()
