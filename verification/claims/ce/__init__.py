"""Claims on cross-entropy."""
