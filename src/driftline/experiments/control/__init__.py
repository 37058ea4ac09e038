"""The studies of arenas: what each is played with, and what is told of it."""
