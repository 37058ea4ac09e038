"""Targets: which return an agent is asked for; they know no world."""
