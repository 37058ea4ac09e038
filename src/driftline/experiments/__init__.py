"""Experiments: what to load, which settings to use, how to score."""
