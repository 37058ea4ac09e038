"""Minigrid's rooms with lava, seen whole, with a planner that keeps out of it."""
