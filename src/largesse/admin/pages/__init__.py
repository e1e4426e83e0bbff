"""What each page shows and does: one file an area, with its lists, its forms and its handlers."""
