"""Requests that are carried out once, however often a client repeats them."""
