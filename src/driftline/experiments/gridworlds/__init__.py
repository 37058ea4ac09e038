"""The study of all gridworlds: every world a study of its own, and what they say together."""
