"""Two states of a plan: what changed, and whether it breaks anybody."""
