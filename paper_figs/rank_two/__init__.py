"""Figures of weight decay and rank two."""
