"""Checks of tracking quality, by source and for the plan as a whole: what the marts say, judged.

Each takes rows of marts as they stand in the warehouse; nothing is computed here that a mart tells.
May import dagster, the plan and the other checks.
"""
