"""Weight decay on one hidden relu layer, exact: when minimisers have rank two and when they do not."""
