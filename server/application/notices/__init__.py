"""Use cases of NotificationService that are each person's own, one a module."""
