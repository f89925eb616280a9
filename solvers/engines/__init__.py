"""Engines run descents from given starts: compiled on the processor, as JAX descents on a device."""
