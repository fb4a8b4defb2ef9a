"""Plain data as YAML text in the house style, which `yaml_files.read_yaml` reads back unchanged.

A value stands on one line in flow style where that fits, else in block style.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from datetime import date
from typing import Any

import yaml
from yaml.resolver import Resolver

from event_assets.json_values import is_array, is_object

WIDTH = 100
_MAX_KEY = 1_000  # YAML takes a key of at most 1,024 characters without a question mark before it
_MAX_DIGITS = 300
_PLAIN_IN_FLOW = re.compile(r"[\w(/](?:[^,\[\]{}#:]|:(?=\w))*")
_PLAIN_IN_BLOCK = re.compile(r"[\w(/](?:[^#:]|:(?=\w))*")
_RESOLVER: Any = Resolver()
_TEXT = "tag:yaml.org,2002:str"
# `y` and `n` are true and false to some readers that are not ours
_ODD_WORDS = {"y", "n"}


def flow(value: Any) -> str:
    """The value on one line. Raises ValueError for a number that YAML cannot hold."""
    if is_object(value):
        return (
            "{" + ", ".join(f"{_flow_key(key)}: {flow(each)}" for key, each in value.items()) + "}"
        )
    if is_array(value):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def block(value: dict[str, Any], indent: int = 0, *, aligned: bool = False) -> list[str]:
    """The lines of a mapping, each key on its own; `aligned` puts what fits in columns."""
    lines: list[str] = []
    column = _column(value, indent) if aligned else 0
    for key, each in value.items():
        head = f"{_scalar(key)}:"
        if len(head) > _MAX_KEY:
            lines.append(f"{' ' * indent}? {head[:-1]}")
            head = ":"
        lines += _entry(head, each, indent, column)
    return lines


def _entry(head: str, value: Any, indent: int, column: int) -> list[str]:
    """The lines of one key with its value, which begins at `column` where that leaves it room."""
    margin = " " * indent
    one_line = _in_block(value)
    for line in (f"{margin}{head.ljust(column)} {one_line}", f"{margin}{head} {one_line}"):
        if len(line) <= WIDTH:
            return [line]
    if is_object(value) and value:
        return [margin + head, *block(value, indent + 2)]
    if is_array(value) and value:
        return [margin + head, *_items(value, indent + 2)]
    if isinstance(value, str) and _can_be_folded(value):
        wrapped = textwrap.wrap(
            value, WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False
        )
        return [f"{margin}{head} >-", *(f"{margin}  {line}" for line in wrapped)]
    return [f"{margin}{head} {one_line}"]


def _items(values: list[Any], indent: int) -> list[str]:
    margin = " " * indent
    lines: list[str] = []
    for value in values:
        one_line = f"{margin}- {_in_block(value)}"
        if len(one_line) > WIDTH and value and is_object(value):
            first, *others = block(value, indent + 2)
            lines += [f"{margin}- {first.lstrip(' ')}", *others]
        elif len(one_line) > WIDTH and value and is_array(value):
            lines += [f"{margin}-", *_items(value, indent + 2)]
        else:
            lines.append(one_line)
    return lines


def _column(value: dict[str, Any], indent: int) -> int:
    """Where the values begin so that those that fit on a line stand below each other."""
    heads = [
        len(_scalar(key)) + 1
        for key, each in value.items()
        if indent + len(_scalar(key)) + 2 + len(flow(each)) <= WIDTH
    ]
    return max(heads, default=0)


def _flow_key(key: str) -> str:
    written = _scalar(key)
    return written if len(written) <= _MAX_KEY else f"? {written} "


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number in YAML")
    written = repr(value)
    if isinstance(value, int) and len(written.lstrip("-")) > _MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return written


def _in_block(value: Any) -> str:
    return _text(value, _PLAIN_IN_BLOCK) if isinstance(value, str) else flow(value)


def _text(text: str, plain: re.Pattern[str] = _PLAIN_IN_FLOW) -> str:
    if not text.isprintable():
        return _escaped(text)
    if plain.fullmatch(text) and text == text.rstrip() and not _means_something_else(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _means_something_else(text: str) -> bool:
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return tag != _TEXT or text.lower() in _ODD_WORDS or _looks_like_a_number(text)


def _looks_like_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _escaped(text: str) -> str:
    # JSON escapes beyond the basic plane as two halves, which YAML does not join
    return '"' + "".join(map(_escaped_character, text)) + '"'


def _escaped_character(character: str) -> str:
    if character.isprintable() and ord(character) < 0xFFFF:
        return {'"': '\\"', "\\": "\\\\"}.get(character, character)
    return {"\n": "\\n", "\t": "\\t"}.get(character, f"\\U{ord(character):08x}")


def _can_be_folded(text: str) -> bool:
    """Whether wrapping loses nothing: single spaces between words, and all of it printable."""
    return text.isprintable() and text.isascii() and text == " ".join(text.split())
