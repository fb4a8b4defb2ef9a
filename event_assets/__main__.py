"""`python -m event_assets` is `event-assets`."""

from event_assets.cli import main

main()
