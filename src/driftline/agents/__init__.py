"""Agents: a model with a target, and the vectorised rollout that records them."""
