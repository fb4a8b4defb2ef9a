"""YAML is read as plain data, safely, with lines."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets.errors import ConfigurationError
from event_assets.yaml_files import read_yaml

texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xD7FF, exclude_characters="\x7f\ufeff"),
    max_size=10,
).filter(lambda text: text.isprintable())
json_documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)
one_file = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@one_file
@given(document=json_documents)
def test_json_is_read_as_what_it_is(tmp_path: Path, document: object):
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    data = read_yaml(path).data
    assert data == document
    assert repr(data) == repr(document)  # True is not 1, 1 is not 1.0


@one_file
@given(content=st.binary(max_size=60) | st.text("{}[]:,-&*!|>'\"# \n\tab1%@`?", max_size=60))
def test_any_bytes_are_data_or_one_error_with_the_file(tmp_path: Path, content: bytes | str):
    path = tmp_path / "a.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error: ConfigurationError | None = None
    try:
        read_yaml(path)
    except ConfigurationError as mistake:
        error = mistake
    assert error is None or (error.file == path and "\n" not in str(error))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("-12", -12),
        ("+1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
    ],
)
def test_plain_words_mean_what_people_think(tmp_path: Path, written: str, expected: object):
    path = tmp_path / "a.yaml"
    path.write_text(f"a: {written}\n")
    assert read_yaml(path).data == {"a": expected}
    assert type(read_yaml(path).data["a"]) is type(expected)


def test_each_key_and_item_knows_its_line(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text("# top\na:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n")
    file = read_yaml(path)
    assert file.lines == {
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 4,
        ("a", "b", 1): 5,
        ("a", "b", 1, "c"): 5,
        ("a", "b", 1, "d"): 6,
    }
    assert file.line_of(("a", "b", 1, "missing", 7)) == 5


def test_paths_below_the_working_directory_are_shown_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    error = ConfigurationError("bad\nthing", file=tmp_path / "x.yaml", line=3, remedy="mend it")
    monkeypatch.chdir(tmp_path)
    assert str(error) == "x.yaml:3: bad thing; mend it"
    monkeypatch.chdir("/")
    assert str(error) == f"{tmp_path.relative_to('/')}/x.yaml:3: bad thing; mend it"
    assert str(ConfigurationError("bad")) == "bad"
