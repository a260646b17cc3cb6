"""Fixtures for all tests."""

from tests.database import *  # noqa: F403 - pytest finds fixtures and hooks by their names here
from tests.running import *  # noqa: F403 - as above
