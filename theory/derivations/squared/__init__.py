"""Derivations for the squared loss with relu layers."""
