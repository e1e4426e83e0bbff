"""How mails leave. Knows no domain."""
