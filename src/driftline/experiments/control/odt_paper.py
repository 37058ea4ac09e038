"""The online decision transformer as it was published, robot by robot, for whoever's data.

Knows no environment. Numbers are those of Zheng, Zhang and Grover 2022 (arXiv:2202.05607,
appendix C, and the code beside it); what departs from them is listed in
docs/reproductions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from driftline.conditioning.fixed import FixedReturn
from driftline.data.mixture import MixtureSettings
from driftline.errors import UnknownNameError
from driftline.experiments.names import Level, check_level
from driftline.models.transformer_config import TransformerConfig
from driftline.training.entropy_floor import EntropyFloor
from driftline.training.judging import Judging
from driftline.training.offline import OfflineSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings


@dataclass(frozen=True)
class Published:
    """What differs from robot to robot: returns asked for, learning, the steps it acts on."""

    dimensions: int
    judged_by: float
    explored_by: float
    learning_rate: float
    weight_decay: float
    pretraining: int = 5_000
    acting_context: int = 5


HOPPER = Published(3, 3_600.0, 7_200.0, 1e-4, 5e-4)
PUBLISHED = {
    "hopper": HOPPER,
    "walker2d": Published(6, 5_000.0, 10_000.0, 1e-3, 1e-3, pretraining=10_000),
    "halfcheetah": Published(6, 6_000.0, 12_000.0, 1e-4, 1e-4),
    "ant": Published(8, 6_000.0, 12_000.0, 1e-3, 1e-4, acting_context=1),
}
"""On data of D4RL's level medium, and of every level that has no settings of its own."""
PUBLISHED_AT: dict[tuple[str, Level], Published] = {
    ("hopper", "medium-replay"): replace(HOPPER, learning_rate=2e-3, weight_decay=1e-4),
}
"""Those that have."""
SMALLER_RATE = 1e-3
"""What is published for Walker2d and Ant, at least for all robots where the network is a smaller
one: LAMB sizes steps by the weights, and a narrow network has to turn its weights further."""
WARM_UP = 10_000
"""Updates over which the learning rate rises, those of the offline phase among them."""
CONTEXT = 20
MODEL = TransformerConfig(
    width=512,
    layers=4,
    heads=4,
    context_length=CONTEXT,
    tokens="three",
    time="none",
    horizon=1000,
    expansion=4,
    gaussian="squashed",
    dropout=0.1,
    return_dropout=0.1,
    embeddings="plain",
    weights="gpt2",
)


@dataclass(frozen=True)
class PaperSettings:
    """A published method: what `fit` takes (``model``, ``offline``) and `go_online` (the others).

    A part is changed by ``dataclasses.replace``.
    """

    model: TransformerConfig
    offline: OfflineSettings
    online: OnlineSettings
    rounds: RoundSettings


def odt_paper(robot: str, level: str = "medium", *, small: bool = False) -> PaperSettings:
    """The online decision transformer as it was published for a robot's data of a level.

    Zheng et al. 2022 (arXiv:2202.05607) give settings for "medium" and "medium-replay"; other
    levels have those of medium. ``small``: a network of 3 layers of 128, batches of 64 and a
    tenth of the updates online, which two cores can train, at a rate of 1e-3 or more. On data of
    anything else three things have to be replaced: the returns that are asked for, the floor's
    ``nats`` (minus the numbers in an action) and the model's ``return_unit``. Raises
    `UnknownNameError`.

    >>> odt_paper("hopper").online.judged_by
    FixedReturn(value=3600.0, extrapolate=True)
    >>> odt_paper("hopper", "medium-replay").online.update.learning_rate
    0.002
    """
    own = _published(robot, check_level(level))
    model = replace(MODEL, acting_context=own.acting_context)
    update, floor = _update(own, small), _floor(own)
    return PaperSettings(
        model=replace(model, width=128, layers=3) if small else model,
        offline=OfflineSettings(
            updates=own.pretraining,
            warm_up=WARM_UP,
            update=update,
            report_every=250,
            entropy_floor=floor,
        ),
        online=OnlineSettings(
            target=FixedReturn(own.explored_by, extrapolate=True),
            judged_by=FixedReturn(own.judged_by, extrapolate=True),
            updates_per_round=30 if small else 300,
            update=update,
            mixture=MixtureSettings(
                demonstration_share=0.0, refresh_rate=0.001, capacity=1_000, eviction="oldest"
            ),
            entropy_floor=floor,
            warm_up=WARM_UP,
            warmed=own.pretraining,
            begins_with="best",
        ),
        rounds=RoundSettings(
            rounds=100_000,  # which no run reaches before it has its steps
            episodes_per_round=1,
            steps=200_000,
            judging=Judging(steps=10_000, episodes=10),
        ),
    )


def _published(robot: str, level: Level) -> Published:
    if robot not in PUBLISHED:
        raise UnknownNameError.among("robot", robot, tuple(PUBLISHED))
    return PUBLISHED_AT.get((robot, level), PUBLISHED[robot])


def _update(own: Published, small: bool) -> UpdateSettings:
    return UpdateSettings(
        batch=64 if small else 256,
        window=CONTEXT,
        learning_rate=max(own.learning_rate, SMALLER_RATE) if small else own.learning_rate,
        weight_decay=own.weight_decay,
        gradient_norm=0.25,
        optimiser="lamb",
        overhang=False,
    )


def _floor(own: Published) -> EntropyFloor:
    return EntropyFloor(-float(own.dimensions), learning_rate=1e-4, first_multiplier=0.1, by="adam")
