"""One-way rank jumps of SGD on deep linear networks, exact: steps, absorbing sets, the chain that can be solved."""
