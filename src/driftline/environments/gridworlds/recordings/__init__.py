"""Recordings of the original gridworlds in the terms of ours, one module per world."""
