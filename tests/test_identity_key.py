"""The key of the pseudonyms is made once and guarded."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from event_assets.errors import ConfigurationError
from event_assets.identity_key import identity_key


def test_the_key_is_made_once_and_stays(tmp_path: Path):
    data_dir = tmp_path / "new" / "data"
    key = identity_key(data_dir)
    assert len(bytes.fromhex(key)) == 32
    assert identity_key(data_dir) == key
    assert stat.S_IMODE((data_dir / "identity.key").stat().st_mode) == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["identity.key"]


def test_two_data_directories_have_two_keys(tmp_path: Path):
    assert identity_key(tmp_path / "a") != identity_key(tmp_path / "b")


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(identity_key, [tmp_path] * 64))
    assert len(keys) == 1


def test_a_broken_key_is_told_and_not_replaced(tmp_path: Path):
    (tmp_path / "identity.key").write_text("")
    with pytest.raises(ConfigurationError, match="not a key of 64 hexadecimal digits; restore it"):
        identity_key(tmp_path)
    assert (tmp_path / "identity.key").read_text() == ""
