"""The figures of a study: one function for each, from measures to a matplotlib `Figure`."""
