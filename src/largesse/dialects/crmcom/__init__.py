"""CRM.COM's legacy Web API."""
