"""The cheapest heads U relu(W V) = I over a neck of given rank."""
