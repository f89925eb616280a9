"""What is done with a minimum: descend to rest, polish, canonical form, symmetry, which basin it is."""
