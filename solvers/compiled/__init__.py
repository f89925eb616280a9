"""Compiled parts without a model: vectors, matrix products, passes through layers, L-BFGS."""
