"""Worlds with known truth: seeded generators of raw logs, as real producers write them.

`shop` writes a month of a small shop's logs. Nothing here reads the wall clock, the global random
state or anything else of the package: only the standard library is imported.
"""
