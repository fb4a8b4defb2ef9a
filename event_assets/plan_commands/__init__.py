"""What `event-assets plan …` does: one module a command or two, and what they need beyond the plan."""
