"""What the product knows. No HTTP and no vendor words."""
