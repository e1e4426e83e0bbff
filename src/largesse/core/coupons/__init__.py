"""Coupons: codes that everybody may use, and batches of codes that bring promotions."""
