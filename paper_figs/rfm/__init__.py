"""Figures of Deep RFM."""
