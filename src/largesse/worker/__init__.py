"""The loop that takes due jobs and mail."""
