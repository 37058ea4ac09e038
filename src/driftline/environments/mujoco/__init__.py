"""MuJoCo's walking robots, as Gymnasium has them, in many copies and with behaviours.

Knows no agents and no files but the robots' own; needs the extra ``mujoco``.
"""
