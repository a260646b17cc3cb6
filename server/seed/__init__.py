"""Data to show and to measure with: `tickets seed`."""

from server.seed.demo import seed_demo
from server.seed.load import seed_load
from server.seed.report import SeedReport

__all__ = ["SeedReport", "seed_demo", "seed_load"]
