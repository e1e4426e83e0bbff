"""The admin pages: what people see and do in a browser. They call `Services`, as a dialect does."""
