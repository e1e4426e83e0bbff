"""Promotion codes: made, given out, followed."""
