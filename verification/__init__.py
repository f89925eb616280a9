"""Claims, certificates and the command line: judges what the solvers found."""
