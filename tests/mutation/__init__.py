"""Mutation testing: one false change at a time, and whether a derivation, a claim or a test notices."""
