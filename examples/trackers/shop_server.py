"""A day of a small shop's server, told through the generated tracker: three events in its log.

python examples/trackers/shop_server.py data
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from tracking import log_event, log_to


def main(data: Path) -> None:
    """Append to raw/server/<today>/events.log, where the example plan's sources.yaml looks."""
    log_to(data_dir=data, raises=True)
    log_event("signup_completed", {"method": "email"}, user_id="u-1001")
    log_event("purchase", {"order_id": "A-1", "amount": 59.9, "currency": "EUR"}, user_id="u-1001")
    log_event("refund", {"order_id": "A-1", "amount": 10}, user_id="u-1001")
    log = data / "raw/server" / datetime.now(UTC).date().isoformat() / "events.log"
    print(f"appended 3 events to {log}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data"))
