"""The studies of robots: what each arena is played with, and what is told of it."""
