"""The demo organization: the five documents' own examples, and a client that plays them."""
