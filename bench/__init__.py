"""Benchmarks: ratios to floors and peers, each measured in one run."""
