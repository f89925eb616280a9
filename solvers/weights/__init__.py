"""Weights to begin from: of structures, and built from factors."""
