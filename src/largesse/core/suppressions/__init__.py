"""Suppressed addresses: those that get no mail."""
