"""Worlds whose channels' effects are known, since each can be switched off while all chances stay the same.

`parameters/` holds the worlds; `write_world` writes one as raw logs. May import numpy, and what reads YAML.
"""
