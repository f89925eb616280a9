"""Engines run descents from given starts: compiled on the processor, as JAX lanes on a device."""
