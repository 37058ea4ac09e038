"""The study of targets: what each way of asking for a high return does, exactly where it can."""
