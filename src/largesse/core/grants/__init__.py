"""Promotions given to customers or to e-mail addresses, one by one and in batches."""
