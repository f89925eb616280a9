"""The engine for devices: one JAX program over thousands of descents."""
