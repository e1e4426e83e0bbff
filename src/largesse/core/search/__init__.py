"""Searching records: filters, an order, and a page counted from the start."""
