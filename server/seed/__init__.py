"""Data to show and to measure with: `tickets seed`."""

from server.seed.load import seed_load
from server.seed.report import SeedReport

__all__ = ["SeedReport", "seed_load"]
