"""What `import dufm` offers: one module a question, each thin over the room that answers the command of that name."""
