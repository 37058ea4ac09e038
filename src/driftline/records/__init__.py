"""What a run writes down: its manifest, events, episodes and checkpoints."""
