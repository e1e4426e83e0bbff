"""CRM.COM's operations."""
