"""Celery app and thin tasks over the same use cases as the server. Never imports server.api."""
