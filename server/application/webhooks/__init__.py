"""Use cases of NotificationService about webhooks, one a module."""
