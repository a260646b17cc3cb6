"""Fixtures for all tests."""

from tests.database import *  # noqa: F403 - pytest finds fixtures and hooks by their names here
