"""Figures of all worlds together."""
