"""Derivations for the one-way rank jumps of SGD."""
