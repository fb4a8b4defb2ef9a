"""rates.csv: exchange rates into the reporting currency."""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import ValidationError

from event_assets.errors import ConfigurationError
from event_assets.plan.mistakes import Mistakes
from event_assets.plan.model import Rate

COLUMNS = ("date", "currency", "rate")


def read_rates(path: Path, mistakes: Mistakes) -> tuple[Rate, ...]:
    """Rates in the order of (date, currency); none without the file.

    A column, a value or a doublet that is wrong is noted with its line.
    """
    if not path.exists():
        return ()
    if not path.is_file():  # a pipe would keep its reader waiting
        mistakes.note([ConfigurationError("not a file", file=path)])
        return ()
    rates: dict[tuple[str, str], Rate] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, list[str]())]
            if sorted(header) != sorted(COLUMNS):
                message = f"the columns are {', '.join(header) or 'missing'}"
                remedy = f"expected: {', '.join(COLUMNS)}"
                mistakes.note([ConfigurationError(message, file=path, line=1, remedy=remedy)])
                return ()
            for row in filter(None, rows):
                with mistakes.caught():
                    rate = _rate(dict(zip(header, row, strict=False)), path, rows.line_num)
                    _add(rates, rate, path, rows.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        mistakes.note([ConfigurationError(f"cannot be read: {error}", file=path)])
    return tuple(rates[key] for key in sorted(rates))


def _add(rates: dict[tuple[str, str], Rate], rate: Rate, path: Path, line: int) -> None:
    key = (rate.date.isoformat(), rate.currency)
    if key in rates:
        message = f"a second rate of {rate.currency} on {rate.date}"
        raise ConfigurationError(message, file=path, line=line, remedy="keep one of them")
    rates[key] = rate


def _rate(row: dict[str, str], path: Path, line: int) -> Rate:
    try:
        return Rate.model_validate({name: value.strip() for name, value in row.items()})
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in details["loc"])
        raise ConfigurationError(f"{name}: {details['msg']}", file=path, line=line) from None
