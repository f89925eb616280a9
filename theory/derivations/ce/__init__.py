"""Derivations for cross-entropy with linear layers."""
