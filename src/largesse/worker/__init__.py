"""The loop that takes due jobs and mail, and watches pools."""
