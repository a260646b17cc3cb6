"""Benchmarks on a stack of their own: `make bench`. What the rows mean is said in docs/performance.md."""
