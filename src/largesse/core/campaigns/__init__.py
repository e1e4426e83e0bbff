"""How codes for a promotion are given out."""
