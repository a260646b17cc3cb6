"""Telling people and programs what happened: from the outbox to notifications, and from there to the channels."""
