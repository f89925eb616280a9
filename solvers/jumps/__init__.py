"""SGD on deep linear matrix completion: minima of every rank, chains that jump between them, sets they cannot leave."""
