"""Scripted demonstrators: human-like play of the gridworlds, safe at any skill.

Knows no data formats; they act on boards and are recorded by others.
"""

from driftline.environments.demonstrators.demonstrator import Demonstrator
from driftline.environments.demonstrators.sokoban import SokobanDemonstrator
from driftline.environments.demonstrators.tomato import TomatoDemonstrator

__all__ = ["Demonstrator", "SokobanDemonstrator", "TomatoDemonstrator"]
