"""The schemas by which editors complete and check plan files."""
