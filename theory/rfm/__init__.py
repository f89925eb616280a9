"""Deep RFM with linear kernels: Gram recursion, fixed points, rates, collapse; the kernel-learning optimum (exact)."""
