"""Claims on Deep RFM."""
