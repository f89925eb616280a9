"""Figures of cross-entropy."""
