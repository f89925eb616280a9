"""A score for programs that write weights: `evaluate.py` is copied into a folder of its own and runs there alone."""
