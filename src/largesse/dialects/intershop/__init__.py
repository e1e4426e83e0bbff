"""Intershop's contact centre and newsletter."""
