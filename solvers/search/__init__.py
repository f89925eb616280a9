"""Global searches: what restarts begin from, which are worth running, what is kept of them."""
