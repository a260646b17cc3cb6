"""What keeps the tables small. Every case may run any number of times, also at the same time."""
