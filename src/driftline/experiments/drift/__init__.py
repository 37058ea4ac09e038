"""The study of drift: at which pace and mixture a behaviour takes over or dies out."""
