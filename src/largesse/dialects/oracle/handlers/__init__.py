"""Oracle Commerce Cloud's operations, a file per subject."""
