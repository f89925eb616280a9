"""Figures of the one-way rank jumps of SGD."""
