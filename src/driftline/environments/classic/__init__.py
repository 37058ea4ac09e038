"""Classic control of Gymnasium's, with behaviours to watch for and demonstrators."""
