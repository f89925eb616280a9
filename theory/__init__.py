"""Exact theory of the deep unconstrained features model: SymPy, Fraction, integers; no floats, no I/O, no solver."""
