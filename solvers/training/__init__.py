"""Gradient descent as it is run in practice: constant step, all factors free, many runs at once."""
