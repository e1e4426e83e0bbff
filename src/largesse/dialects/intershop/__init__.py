"""intershop."""
