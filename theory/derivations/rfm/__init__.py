"""Derivations for Deep RFM with linear kernels."""
