"""Files of exports in formats that take a library to write."""
