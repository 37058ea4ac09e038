"""Training loops: generators of events over models, mixtures and rollouts."""
