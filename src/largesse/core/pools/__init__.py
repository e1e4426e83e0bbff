"""Pools of codes: how much is left, when it runs out, and what is done about it."""
