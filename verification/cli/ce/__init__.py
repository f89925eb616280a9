"""Commands for cross-entropy."""
