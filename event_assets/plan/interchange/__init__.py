"""Plans in the formats of others, one module a format: what they hold in, what they lack told.

Each has `read`, which gives events as their files are to say them, and `written`, which gives
documents by file name. Nothing here reads or writes files.
"""
