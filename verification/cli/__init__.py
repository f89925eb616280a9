"""The command line: one module a command or a family of them; each imports what it needs when it runs."""
