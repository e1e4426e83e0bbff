"""Mails: rows of a durable queue, written in the transaction that gives the code."""
