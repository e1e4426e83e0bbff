"""Events: the append-only log of what happened."""
