"""Adapters: what the ports of the application are on this system."""
