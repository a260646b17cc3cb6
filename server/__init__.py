"""Rodistaa Tickets: the gRPC service."""
