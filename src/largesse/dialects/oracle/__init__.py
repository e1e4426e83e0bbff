"""Oracle Commerce Cloud's Admin REST API."""
