"""The web atlas: pages of cells, claims, derivations and certificates, and the checker that runs in a browser."""
