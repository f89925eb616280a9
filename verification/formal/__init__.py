"""Certificates checked by the Rocq kernel: written as Rocq terms, checked by functions proved sound in `rocq/`."""
