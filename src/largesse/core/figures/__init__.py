"""Figures: how much of what happened when, counted once out of the log."""
