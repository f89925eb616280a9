"""What claims and the atlas share: certificates, exact weights, lists of numbers."""
