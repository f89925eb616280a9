"""Lower bounds by eigenvalues of features: the lines and the tree of intervals that a certificate holds."""
