"""Environments: the gridworlds, and scripted demonstrators for them.

Knows no data formats, models or agents. Importing it registers the
environments' names with Gymnasium; the worlds themselves load on first use.
"""

from driftline.environments import registration as registration
from driftline.environments.behaviours import BehaviourSpec

__all__ = ["BehaviourSpec"]
