"""How rows are kept. Knows two databases and no domain."""
