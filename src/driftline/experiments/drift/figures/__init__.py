"""The drawings of the study of drift."""
