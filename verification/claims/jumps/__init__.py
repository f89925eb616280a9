"""Claims on the one-way rank jumps of SGD."""
