"""Figures of networks on data."""
