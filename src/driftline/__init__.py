"""Driftline: online generative-modelling agents, and when they drift.

The names below load on first use, so that importing this package loads no tensor
library; it does give Gymnasium the names of its worlds.
"""

from __future__ import annotations

import importlib

__version__ = "0.2.0.dev0"

_PLACES = {
    "driftline.baselines.dqn_settings": ("DQNSettings",),
    "driftline.baselines.iql_settings": ("IQLSettings",),
    "driftline.baselines.off_policy_settings": ("SACSettings", "TD3Settings"),
    "driftline.baselines.ppo_settings": ("PPOSettings",),
    "driftline.conditioning.best_of_n": ("BestOfN",),
    "driftline.conditioning.exponential_tilt": ("ExponentialTilt", "mgdt_paper"),
    "driftline.conditioning.factorised_tilt": ("FactorisedTilt",),
    "driftline.conditioning.fixed": ("FixedReturn",),
    "driftline.conditioning.quantile": ("Quantile",),
    "driftline.conditioning.reference": ("Recent",),
    "driftline.conditioning.sampled_maximum": ("SampledMaximum", "mgdt_colab"),
    "driftline.conditioning.target": ("Unconditioned",),
    "driftline.data.d4rl": ("load_d4rl",),
    "driftline.data.d4rl_scores": ("normalised_score",),
    "driftline.data.demonstrations": ("Demonstrations",),
    "driftline.data.episodes": ("Episodes",),
    "driftline.data.minari": ("load_minari", "load_minari_episodes"),
    "driftline.data.minari_writing": ("save_minari",),
    "driftline.data.mixture": ("MixtureSettings",),
    "driftline.data.trajectories": ("Trajectories",),
    "driftline.data.trajectory": ("Trajectory",),
    "driftline.errors": ("DriftlineError",),
    "driftline.experiments.control.odt_paper": ("PaperSettings", "odt_paper"),
    "driftline.experiments.own": ("fit", "go_online", "play"),
    "driftline.experiments.run": ("read_episodes",),
    "driftline.experiments.run_measures": ("measure_run",),
    "driftline.experiments.saved_model": ("load_model", "save_model"),
    "driftline.models.flow_policy": ("FlowPolicy",),
    "driftline.models.flow_policy_config": ("FlowPolicyConfig",),
    "driftline.models.tabular": ("TabularModel",),
    "driftline.models.transformer_config": ("TransformerConfig",),
    "driftline.records.events": (
        "Event",
        "RoundCollected",
        "RoundEnded",
        "Judged",
        "RoundMeasured",
        "RunFinished",
    ),
    "driftline.safety.behaviours": ("Behaviour", "Detector", "detects", "flag_with"),
    "driftline.safety.thresholds": ("Thresholds",),
    "driftline.spaces.specs": ("ContinuousActionSpec", "DiscreteActionSpec"),
    "driftline.training.entropy_floor": ("EntropyFloor",),
    "driftline.training.finetune": ("FineTuneSettings",),
    "driftline.training.kl_budget": ("KLBudget",),
    "driftline.training.kl_penalty": ("AdaptivePenalty", "FixedPenalty", "ScheduledPenalty"),
    "driftline.training.judging": ("Judging",),
    "driftline.training.offline": ("OfflineSettings",),
    "driftline.training.online_settings": ("OnlineSettings",),
    "driftline.training.pace": ("FixedPace", "ReviewPace"),
    "driftline.training.rounds": ("RoundSettings",),
    "driftline.training.update": ("UpdateSettings",),
    "driftline.training.value_guidance": ("ValueGuidance",),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = ["__version__", *sorted(_PLACE)]


def __getattr__(name: str) -> object:
    """Load a public name (PEP 562)."""
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


importlib.import_module("driftline.environments")
