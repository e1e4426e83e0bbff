"""Groups of customers, lists of promotions, and which group gets which list."""
