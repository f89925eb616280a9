"""Commands for the one-way rank jumps of SGD."""
