"""Keeping the object store free of what nothing refers to."""
