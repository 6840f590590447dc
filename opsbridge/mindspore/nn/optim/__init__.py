"""Optimizers and learning rates by MindSpore's update rules."""
