"""Claims on weight decay and rank two."""
