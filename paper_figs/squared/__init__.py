"""Figures of the squared loss with relu layers."""
