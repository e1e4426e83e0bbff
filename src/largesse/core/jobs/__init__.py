"""Long work: a row with a total, a cursor and a state, and a row for the outcome of each item."""
