"""Baselines: adapters to what other libraries train, so that it need not be written again."""
