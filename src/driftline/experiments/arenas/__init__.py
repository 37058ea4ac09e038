"""The study of several arenas: every one a study of its own, and what their scores say together."""
