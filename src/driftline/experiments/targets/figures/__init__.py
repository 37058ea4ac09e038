"""Figures of the study of targets, one module a part; they know its plain results."""
