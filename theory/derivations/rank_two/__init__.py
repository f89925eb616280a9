"""Derivations for what weight decay does to the rank of one hidden layer."""
