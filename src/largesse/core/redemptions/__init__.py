"""Codes that were used: by whom, and on which account."""
