"""The squared loss with relu layers: DNC, phi_L, structures and their exact costs, lower bounds."""
