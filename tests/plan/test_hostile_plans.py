"""Plan folders that are hostile, broken or odd: one line for each mistake, soon, and no traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

Write = Callable[[dict[str, str]], Path]
PROJECT = Path(__file__).parents[2]
SECONDS = 60  # a guard against minutes; in truth a second or two

HEAD = """\
event: pay
description: Money came in.
purpose: Revenue.
owner: pay@example.com
sent_by: [server]
"""
PAY = "events/pay.yaml"


def command(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVENT_ASSETS_")}
    return subprocess.run(
        [sys.executable, "-m", "event_assets", "plan", *arguments],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def told(folder: Path) -> list[str]:
    """What `plan check` tells of a folder with mistakes, without the line that counts them."""
    done = command(folder.parent, "check", "--plan", folder.name)
    assert done.stderr == ""
    assert done.returncode == 1, done.stdout
    *mistakes, last = done.stdout.splitlines()
    assert last == f"{len(mistakes):,} mistake{'s' if len(mistakes) > 1 else ''}"
    return mistakes


def spelled(name: str, text: str = HEAD) -> str:
    return text.replace("event: pay", f"event: {name}")


HOSTILE = {
    "one name in two spellings": (
        {"events/Caf\u00e9.yaml": spelled("Caf\u00e9"), "events/Cafe\u0301.yaml": spelled("Cafe\u0301")},
        ["plan/events/Caf\u00e9.yaml:1: event: `Caf\u00e9` is there twice, first in Cafe\u0301.yaml; keep one of them"],
    ),
    "a property in two groups with different types": (
        {
            "property_groups.yaml": "groups:\n  a: {price: {type: number}}\n  b: {price: {type: string}}\n",
            PAY: HEAD + "groups:\n  - a\n  - b\n",
        },
        ["plan/events/pay.yaml:8: groups.1: `price` is defined differently in two groups"],
    ),
    "a circle of groups": (
        {"property_groups.yaml": "groups: {a: {}, b: {}, c: {}}\nincludes:\n  c: [b]\n  b: [a]\n  a: [b]\n"},
        ["plan/property_groups.yaml:5: includes.a: `a` includes itself: a → b → a; break the circle"],
    ),
    "a group that includes itself": (
        {"property_groups.yaml": "groups: {a: {}}\nincludes:\n  a: [a]\n"},
        ["plan/property_groups.yaml:3: includes.a: `a` includes itself: a → a; break the circle"],
    ),
    "an included group that is not there": (
        {"property_groups.yaml": "groups: {money: {}}\nincludes:\n  money:\n    - monye\n  other: [money]\n"},
        [
            "plan/property_groups.yaml:4: includes.money.0: unknown group `monye`; did you mean `money`?",
            "plan/property_groups.yaml:5: includes.other: unknown group `other`; there are: money",
        ],
    ),
    "groups that contradict each other within a group": (
        {
            "property_groups.yaml": "groups: {a: {x: {type: string}}, b: {x: {}}, c: {}}\n"
            "includes:\n  c: [a, b]\n"
        },
        ["plan/property_groups.yaml:3: includes.c.1: `x` is defined differently in two groups"],
    ),
    "a keyword of nothing": (
        {PAY: HEAD + "properties:\n  a: {minimun: 3}\n"},
        ["plan/events/pay.yaml:7: properties.a.minimun: unknown key; did you mean `minimum`?"],
    ),
    "a regex that cannot compile": (
        {PAY: HEAD + "properties:\n  a:\n    pattern: '[a'\n"},
        ["plan/events/pay.yaml:8: properties.a.pattern: not a regular expression that can be used"],
    ),
    "a regex that explodes": (
        {PAY: HEAD + "properties:\n  a:\n    pattern: '(((x{1,999}){1,999}){1,999}){1,999}'\n"},
        ["plan/events/pay.yaml:8: properties.a.pattern: not a regular expression that can be used"],
    ),
    "a regex that explodes in a channel": (
        {"channels.yaml": "rules:\n  - name: x\n    channel: Email\n    source: '((((x{999}){999}){999}){999})'\n"},
        ["plan/channels.yaml:4: rules.0.source: not a regular expression that can be used"],
    ),
    "ten megabytes": (
        {PAY: HEAD + "# " + "x" * 10_000_000},
        ["plan/events/pay.yaml: larger than 1,000,000 bytes; split it"],
    ),
    "tabs": (
        {PAY: HEAD + "properties:\n\ta: {}\n"},
        ["plan/events/pay.yaml:7: a tab in the indentation; indent with spaces"],
    ),
    "an alias": (
        {PAY: HEAD + "properties:\n  a: &a {type: string}\n  b: *a\n"},
        ["plan/events/pay.yaml:8: an alias (`*a`); write the value out"],
    ),
    "an alias bomb": (
        {PAY: "a: &a [x]\n" + "".join(f"{b}: &{b} [{f'*{a}, ' * 9}]\n" for a, b in pairwise("abcdefghi"))},
        ["plan/events/pay.yaml:2: an alias (`*a`); write the value out"],
    ),
    "a merge key": (
        {PAY: HEAD + "properties:\n  a: {}\n  <<: *a\n"},
        ["plan/events/pay.yaml:8: an alias (`*a`); write the value out"],
    ),
    "deep nesting": (
        {PAY: HEAD + "properties: " + "{a: " * 5_000 + "1" + "}" * 5_000 + "\n"},
        ["plan/events/pay.yaml:6: nested deeper than 40 levels; flatten it"],
    ),
    "deep lists": (
        {PAY: HEAD + "groups: " + "[" * 400_000 + "\n"},
        ["plan/events/pay.yaml:6: nested deeper than 40 levels; flatten it"],
    ),
    "schemas within schemas": (
        {PAY: HEAD + "properties:\n  a: " + "{items: " * 37 + "{typ: x}" + "}" * 37 + "\n"},
        [f"plan/events/pay.yaml:7: properties.a.{'items.' * 37}typ: unknown key; did you mean `type`?"],
    ),
    "a number of a million digits": (
        {PAY: HEAD + f"properties:\n  a: {{minimum: {'9' * 500_000}}}\n"},
        ["plan/events/pay.yaml:7: properties.a.minimum: "],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_wrong_is_told_with_file_and_line(
    write_plan: Write, files: dict[str, str], expected: list[str]
):
    lines = told(write_plan(files))
    assert [line[: len(text)] for line, text in zip(lines, expected, strict=True)] == expected


def unreadable(path: Path) -> None:
    path.write_text(HEAD)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads all files but this one
        path.unlink()
        path.symlink_to("/proc/self/mem")


ODD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "binary": (lambda path: path.write_bytes(bytes(range(256))), ": not UTF-8"),
    "binary that begins as text": (lambda path: path.write_bytes(b"event: x\n\xff\xfe\n"), ":2: not UTF-8"),
    "zeros": (lambda path: path.write_bytes(bytes(100)), ":1: a control character; remove it"),
    "a link to itself": (lambda path: path.symlink_to(path), ": cannot be read: Too many levels of symbolic links"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), ": no such file"),
    "unreadable": (unreadable, ": cannot be read: "),
    "a folder": (lambda path: path.mkdir(), ": a folder among the events; put its files into events/"),
    "a pipe": (os.mkfifo, ": not a file"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), ": not a file"),
    "empty": (lambda path: path.touch(), ":1: expected keys and values, found nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), ODD_FILES.values(), ids=ODD_FILES.keys())
def test_a_file_that_is_none_is_told(
    write_plan: Write, make: Callable[[Path], object], expected: str
):
    folder = write_plan({})
    make(folder / PAY)
    (line,) = told(folder)
    place, _, rest = line.partition("plan/events/pay.yaml")
    assert place == ""
    assert expected in rest


@pytest.mark.parametrize("name", ["plan.yaml", "property_groups.yaml", "funnels.yaml", "rates.csv"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.mkdir()], ids=["pipe", "folder"])
def test_so_are_the_other_files(write_plan: Write, name: str, make: Callable[[Path], object]):
    folder = write_plan({})
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    (line,) = told(folder)
    assert line.startswith(f"plan/{name}: ")


def test_events_that_are_no_folder_are_told(write_plan: Write):
    folder = write_plan({})
    (folder / "events" / "signup.yaml").unlink()
    (folder / "events").rmdir()
    (folder / "events").symlink_to("events")
    assert told(folder) == [
        "plan/events: not a folder; make it a folder with a file for each event"
    ]


def test_a_hundred_thousand_keys_are_told_of_in_a_hundred_lines(write_plan: Write):
    keys = "".join(f"k{number}: 1\n" for number in range(90_000))
    lines = told(write_plan({PAY: HEAD + keys}))
    assert len(lines) == 101
    assert lines[-1].endswith(": 89,900 more mistakes from here on")


MANY = {
    "properties": HEAD + "properties:\n" + "".join(f"  p{n}: {{}}\n" for n in range(19_000)),
    "broken properties": HEAD + "properties:\n" + "".join(f"  p{n}: 1\n" for n in range(90_000)),
    "versions": HEAD + f"versions: [{', '.join(map(str, range(100_000)))}]\n",
    "older shapes": HEAD
    + "earlier:\n"
    + "".join(f"  - versions: [{number}]\n" for number in range(20_000)),
    "values": HEAD + f"properties: {{a: {{enum: [{', '.join(map(str, range(100_000)))}]}}}}\n",
    "patterns": HEAD
    + "properties:\n"
    + "".join(f"  p{n}: {{pattern: 'x{{1,90}}y{n}'}}\n" for n in range(3_000)),
}


@pytest.mark.parametrize("text", MANY.values(), ids=MANY.keys())
def test_very_much_of_something_takes_seconds(write_plan: Write, text: str):
    folder = write_plan({PAY: text})
    done = command(folder.parent, "check", "--plan", "plan")
    assert done.returncode in (0, 1)
    assert done.stderr == ""


def test_groups_that_multiply_are_refused(write_plan: Write):
    wide = "".join(f"    p{number}: {{}}\n" for number in range(5_000))
    takers = "".join(f"  g{number}: {{}}\n" for number in range(5_000))
    includes = "".join(f"  g{number}: [wide]\n" for number in range(5_000))
    text = f"groups:\n  wide:\n{wide}{takers}includes:\n{includes}"
    lines = told(write_plan({"property_groups.yaml": text}))
    assert "more than 20,000 properties in all groups together" in lines[0]
    shapes = "".join("  - {until: 2026-01-01, groups: [wide]}\n" for _ in range(10_000))
    files = {"property_groups.yaml": f"groups:\n  wide:\n{wide}", PAY: f"{HEAD}earlier:\n{shapes}"}
    assert told(write_plan(files)) == [
        "plan/events/pay.yaml:1: more than 20,000 properties in all shapes together; make them fewer"
    ]


def test_a_long_chain_of_groups_is_refused(write_plan: Write):
    groups = "".join(f"  g{number}: {{}}\n" for number in range(2_000))
    includes = "".join(f"  g{number}: [g{number + 1}]\n" for number in range(1_999))
    lines = told(write_plan({"property_groups.yaml": f"groups:\n{groups}includes:\n{includes}"}))
    assert "groups within groups, deeper than 40 levels" in lines[0]


@pytest.mark.parametrize("name", ["diff", "compile", "docs", "export", "codegen"])
def test_the_other_commands_end_with_2_and_the_first_mistake(write_plan: Write, name: str):
    folder = write_plan({PAY: HEAD + "rol: x\n"})
    options = {
        "diff": ["plan"],
        "export": ["--format", "segment"],
        "codegen": ["--out", "out"],
        "docs": ["--out", "out"],
    }
    done = command(folder.parent, name, *options.get(name, []), "--plan", "plan")
    assert done.returncode == 2
    assert done.stderr == "plan/events/pay.yaml:6: rol: unknown key; did you mean `role`?\n"


def test_a_huge_file_is_not_read_to_the_end(write_plan: Write):
    folder = write_plan({})
    with (folder / PAY).open("wb") as file:
        file.truncate(50 * 1024**3)  # of nothing: takes no room
    assert told(folder) == ["plan/events/pay.yaml: larger than 1,000,000 bytes; split it"]
