"""Values as people write them in configuration: `7 days`, `2026-09-21`, `EUR`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

_DURATION = re.compile(r"(\d{1,6})\s*(second|minute|hour|day|week)s?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class ConfigModel(BaseModel):
    """A part of a configuration file: unknown keys are mistakes, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def invalid(message: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """An error for use in validators, shown to the user word by word.

    `at`: the keys and items within the value that it is about.
    """
    return PydanticCustomError("configuration", "{message}", {"message": message, "at": at})


def _parse_duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None and int(match[1]) == 0:
        raise invalid("a duration of zero; write at least `1 second`")
    if match is None:
        raise invalid(
            "not a duration; write a whole number and seconds, minutes, hours, days or weeks, "
            "such as `7 days`"
        )
    return timedelta(**{match[2] + "s": int(match[1])})


def _parse_day(value: object) -> object:
    # pydantic alone would read a bare number as seconds since 1970
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date):
        return value
    raise invalid("not a day; write it as `2026-09-21`")


def _parse_currency(value: object) -> object:
    if isinstance(value, str) and _CURRENCY.fullmatch(value):
        return value
    raise invalid("not a currency; write the three capital letters of ISO 4217, such as `EUR`")


def _check_text(text: str) -> str:
    if not text.strip():
        raise invalid("empty; write a few words")
    return text


# each with what an editor may know of it
Text = Annotated[
    str, AfterValidator(_check_text), WithJsonSchema({"type": "string", "pattern": r"\S"})
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_parse_duration),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_DURATION.pattern}\s*$"}),
]
Day = Annotated[date, BeforeValidator(_parse_day)]
Currency = Annotated[
    str,
    BeforeValidator(_parse_currency),
    WithJsonSchema({"type": "string", "pattern": f"^{_CURRENCY.pattern}$"}),
]
