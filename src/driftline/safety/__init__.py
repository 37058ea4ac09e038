"""Measures of recorded episodes: how fast and how decisively behaviours appear."""
