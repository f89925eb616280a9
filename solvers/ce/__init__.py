"""Finding minima of the deep linear model under cross-entropy."""
