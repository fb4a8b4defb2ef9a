"""Plan files written for people to complete: from names, from logs."""
