"""Minima over whole intervals of Lambda, and the convex case of one layer."""
