"""Following tickets live: the hub of a process, and the use cases that open streams."""
