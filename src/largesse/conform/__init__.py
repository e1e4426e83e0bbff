"""Whether a server answers as a dialect's documents say, and as another server did."""
