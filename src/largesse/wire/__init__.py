"""What every dialect needs and no vendor owns."""
