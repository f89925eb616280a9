"""What a derivation is: steps, the relations they check, and how a check is made; textbook lemmas."""
