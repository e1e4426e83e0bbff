"""Intershop's operations, a file for each subject."""
