"""Trajectories and what is made of them: returns, windows, mixtures, files."""
