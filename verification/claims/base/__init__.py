"""What a claim and a verdict are, and how a claim follows from derivations."""
