"""Claims on what gradient descent finds, in the model and on data."""
