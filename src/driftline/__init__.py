"""Driftline: online generative-modelling agents, and when they drift.

Importing this package loads no tensor library.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
