"""Who can receive something: customers, their identifiers, accounts and tokens."""
