"""The deep linear unconstrained features model with cross-entropy: structures, enclosures, Hessian (exact only)."""
