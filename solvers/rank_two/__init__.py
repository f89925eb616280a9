"""One hidden relu layer trained with weight decay, many seeds at once, and how near its weights come to rank two."""
