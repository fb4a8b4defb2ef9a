"""What a fault did to data, measured the same way for our pipeline and for a naive one."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.rounds import VARIABLE, rounds


@dataclass
class Measured:
    """What came of some rounds of one fault.

    `lost` and `doubled` are rows (events, records, or rows of tables, as the fault says); `wrong`
    says what else was not as it must be, each once.
    """

    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list[str])

    @property
    def is_survived(self) -> bool:
        """Whether nothing was lost, doubled or otherwise wrong."""
        return self.rounds > 0 and not (self.lost or self.doubled or self.wrong)

    def compare(self, expected: Iterable[object], found: Iterable[object]) -> None:
        """Count what is missing of what is expected, and what is there beyond it."""
        wanted, got = Counter(expected), Counter(found)
        self.lost += (wanted - got).total()
        self.doubled += (got - wanted).total()

    def expect(self, holds: bool, what: str) -> None:
        """Note what is wrong, unless it holds."""
        if not holds and what not in self.wrong:
            self.wrong.append(what)


Trial = Callable[[Path, int], Measured]
"""Tries a fault some rounds in an empty folder."""


@dataclass(frozen=True)
class Fault:
    """A row of the fault table: its number there, and both ways to meet it.

    `few` and `many` are rounds of our pipeline in the tests and in the table; `few` may be 0 where a
    round takes minutes. The naive variant gets `naive_rounds`. `lacks` names what this
    machine does not have for a trial.
    """

    number: int
    what: str
    ours: Trial
    naive: Trial
    naive_does: str
    few: int = 1
    many: int = 10
    naive_rounds: int = 1
    lacks: Callable[[], str | None] = lambda: None

    @property
    def name(self) -> str:
        """Names it in a list of tests."""
        return f"{self.number}-{self.what}"


def rounds_of(fault: Fault) -> int:
    """How many rounds are asked for."""
    return rounds(fault.few, fault.many)


def say(text: str) -> None:
    """Show progress of long trials."""
    if sys.stderr.isatty() or os.environ.get(VARIABLE) == "many":
        print(f"  {text}", file=sys.stderr, flush=True)
