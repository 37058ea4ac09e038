"""Generative models of trajectories; they know windows, not worlds."""
