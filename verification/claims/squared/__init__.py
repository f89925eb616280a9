"""Claims on the squared loss with relu layers."""
