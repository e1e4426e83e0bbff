"""The native API's operations, a file per area; what all nouns do alike is in `records`."""
