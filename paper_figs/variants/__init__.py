"""Figures beyond the papers' model."""
