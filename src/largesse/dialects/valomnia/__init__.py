"""valomnia."""
