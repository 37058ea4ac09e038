"""Finite worlds, their histories and what each target means in them, exactly, in float64."""
