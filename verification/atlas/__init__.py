"""The record atlas: for every cell (K, L, Lambda) of a grid the best weights known, and the sweep that finds them."""
