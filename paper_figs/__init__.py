"""One module per figure: `data(budget)` makes the table, `draw(ax, table)` the picture."""
