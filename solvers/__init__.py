"""Solvers find minima and never judge them."""
