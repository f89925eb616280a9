"""Weights that no permutation of a grid of classes changes: losses and searches whose cost does not grow with K."""
