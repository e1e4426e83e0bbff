"""How fast codes are given out, beside what the database alone could do in the same run."""
