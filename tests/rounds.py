"""How often what varies at random is tried: a few times in `make test`, many in `make faults`."""

import os

VARIABLE = "EVENT_ASSETS_FAULT_ROUNDS"


def rounds(few: int, many: int) -> int:
    """One of the two, or the number that the variable asks for; 0 stays 0 unless asked for."""
    asked = os.environ.get(VARIABLE) or "few"
    return {"few": few, "many": many}[asked] if asked in ("few", "many") else int(asked)
