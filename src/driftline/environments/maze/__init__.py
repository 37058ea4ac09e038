"""Mazes of Gymnasium-Robotics, as vectors, with a planner that does not touch their walls."""
