"""Losses and their gradients, in NumPy and compiled."""
