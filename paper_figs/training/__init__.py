"""Figures of gradient descent on the model (SML24)."""
