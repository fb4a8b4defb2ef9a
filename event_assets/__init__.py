"""Marketing and product analytics from raw event logs."""

__version__ = "0.1.0"
