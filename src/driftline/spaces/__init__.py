"""What observations and actions are made of, and how returns become numbers a model reads."""
