"""The simulated shop's files are what real producers could have written."""

import random
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from raw_logs import Json, RawLine, ShopOnDisk, event_time, read_lines, verdict

from event_assets.simulate.shop import write_shop_logs


def files_of(raw: Path) -> dict[str, bytes]:
    return {
        path.relative_to(raw).as_posix(): path.read_bytes()
        for path in raw.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    truth = write_shop_logs(tmp_path / "here", seed=3, days=9, visitors=120)
    program = (
        "import sys; from pathlib import Path; from event_assets.simulate.shop import *;"
        "write_shop_logs(Path(sys.argv[1]), seed=3, days=9, visitors=120)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "there")],
        check=True,
        env={"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"},
        cwd=Path(__file__).parents[2],
    )
    assert files_of(tmp_path / "here") == files_of(tmp_path / "there")
    assert truth == write_shop_logs(tmp_path / "once_more", seed=3, days=9, visitors=120)


def test_another_seed_gives_another_shop(tmp_path: Path) -> None:
    one = write_shop_logs(tmp_path / "one", seed=1, days=3, visitors=60)
    two = write_shop_logs(tmp_path / "two", seed=2, days=3, visitors=60)
    assert one.lines != two.lines


def test_the_global_random_state_is_neither_read_nor_moved(tmp_path: Path) -> None:
    random.seed(1)
    before = random.getstate()
    one = write_shop_logs(tmp_path / "one", days=2, visitors=40)
    assert random.getstate() == before
    random.seed(2)
    assert write_shop_logs(tmp_path / "two", days=2, visitors=40) == one


def test_every_line_is_sound_or_a_mistake_that_was_planted(shop_of_the_demo: ShopOnDisk) -> None:
    found = Counter(verdict(line) for line in shop_of_the_demo.lines if not line.is_blank)
    del found["sound"]
    judged = ("torn_line", "unplanned_event", "wrong_type", "missing_property")
    planted = {
        kind: shop_of_the_demo.truth.planted[kind] for kind in (*judged, "value_outside_enum")
    }
    assert found == planted
    assert min(planted.values()) > 10


def test_every_source_day_stays_well_below_the_error_threshold(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    records: Counter[tuple[str, date]] = Counter()
    wrong: Counter[tuple[str, date]] = Counter()
    for line in shop_of_the_demo.lines:
        if not line.is_blank:
            records[line.source, line.landing_date] += 1
            wrong[line.source, line.landing_date] += verdict(line) != "sound"
    assert max(wrong[day] / records[day] for day in records) <= 0.03
    assert 0.005 < wrong.total() / records.total() < 0.015


def test_each_landing_day_of_the_period_has_browser_app_and_server_logs(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    days = {date(2026, 10, 1) + timedelta(days=index) for index in range(30)}
    for source in ("client", "mobile", "server"):
        assert {
            line.landing_date for line in shop_of_the_demo.lines if line.source == source
        } == days


def test_nothing_lands_before_it_happened(shop_of_the_demo: ShopOnDisk) -> None:
    early = [
        line
        for line in shop_of_the_demo.lines
        if line.body is not None and line.landing_date < event_time(line).date()
    ]
    assert [line.body and line.body["anonymous_id"] for line in early] == ["kiosk-01"]


def test_one_clock_is_years_ahead_and_nothing_can_correct_it(shop_of_the_demo: ShopOnDisk) -> None:
    ahead = [
        line
        for line in shop_of_the_demo.lines
        if line.body is not None and event_time(line).date() - line.landing_date > timedelta(days=2)
    ]
    assert len(ahead) == shop_of_the_demo.truth.planted["future_clock"] == 1
    assert ahead[0].body is not None
    assert "received_at" not in ahead[0].body


def test_wrong_clocks_are_off_by_hours_to_years_and_sent_at_tells(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    for source in ("client", "mobile"):
        skewed = [
            line
            for line in shop_of_the_demo.lines
            if line.source == source
            and line.body is not None
            and "received_at" in line.body
            and abs(event_time(line).timestamp() * 1000 - line.body["timestamp"]) > 3_600_000
        ]
        assert len(skewed) > 50
        assert all(
            timedelta(0) <= line.landing_date - event_time(line).date() <= timedelta(days=6)
            for line in skewed
        )


def test_some_app_batches_land_days_after_the_visit(shop_of_the_demo: ShopOnDisk) -> None:
    lag = Counter(
        (line.landing_date - event_time(line).date()).days
        for line in shop_of_the_demo.lines
        if line.source == "mobile" and line.body is not None
    )
    assert {0, 1, 2, 3, 4} <= set(lag)
    assert lag[0] > lag.total() / 2


def test_client_and_app_purchases_are_a_subset_of_the_servers_orders(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    orders: dict[str, dict[str, Json]] = defaultdict(dict)
    for line in shop_of_the_demo.lines:
        if not line.is_blank and verdict(line) == "sound":
            assert line.body is not None
            if line.body["event_type"] == "purchase":
                where = "server" if line.source == "server" else "seen"
                orders[line.properties["order_id"]][where] = line.properties
    assert all("server" in sides for sides in orders.values())
    assert all(sides.get("seen", sides["server"]) == sides["server"] for sides in orders.values())
    assert len(orders) == shop_of_the_demo.truth.orders
    seen = sum("seen" in sides for sides in orders.values())
    assert seen == shop_of_the_demo.truth.orders_seen_by_browser_or_app
    assert 0.04 < 1 - seen / len(orders) < 0.12


def test_a_refund_follows_its_order_and_is_not_larger(shop_of_the_demo: ShopOnDisk) -> None:
    orders: dict[str, RawLine] = {}
    refunds: list[RawLine] = []
    for line in shop_of_the_demo.lines:
        if line.source == "server" and not line.is_blank and verdict(line) == "sound":
            assert line.body is not None
            if line.body["event_type"] == "purchase":
                orders[line.properties["order_id"]] = line
            if line.body["event_type"] == "refund":
                refunds.append(line)
    assert refunds
    for refund in refunds:
        order = orders[refund.properties["order_id"]]
        assert event_time(order) < event_time(refund)
        assert 0 < refund.properties["amount"] <= order.properties["amount"]


def test_some_files_are_compressed_some_lack_the_last_newline_some_hold_blanks(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    files = files_of(shop_of_the_demo.raw)
    for source in ("client", "mobile", "server"):
        mine = [name for name in files if name.startswith(f"{source}/")]
        assert 0 < sum(name.endswith(".gz") for name in mine) < len(mine) / 2
    plain_server_logs = [files[name] for name in files if name.endswith("events.log")]
    assert 0 < sum(log[-1:] != b"\n" for log in plain_server_logs) < len(plain_server_logs)
    assert {line.source for line in shop_of_the_demo.lines if line.is_blank} == {
        "client",
        "mobile",
        "server",
    }


def test_a_whole_client_file_is_delivered_twice_on_different_days(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    files: dict[str, list[bytes]] = defaultdict(list)
    for line in shop_of_the_demo.lines:
        if line.source == "client":
            files[line.file].append(line.text)
    copies = [
        (one, two)
        for one in files
        for two in files
        if one < two and Counter(files[one]) == Counter(files[two])
    ]
    assert len(copies) == 1
    one, two = copies[0]
    assert one.split("/")[1] < two.split("/")[1]


def test_bots_shared_devices_guests_and_refused_consent_are_in_the_logs(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    users_by_device: dict[str, set[str]] = defaultdict(set)
    devices_by_user: dict[str, set[str]] = defaultdict(set)
    agents: set[str] = set()
    without_visitor = 0
    guests = 0
    for line in shop_of_the_demo.lines:
        if line.body is None:
            continue
        user_id, device = line.body["user_id"], line.body.get("anonymous_id")
        agents.add(line.body.get("user_agent", ""))
        if line.source == "server":
            guests += not user_id
        elif device is None:
            without_visitor += 1
        elif user_id not in (None, "", "null"):
            users_by_device[device].add(user_id)
            devices_by_user[user_id].add(device)
    assert any("Googlebot" in agent for agent in agents)
    assert 5 < sum(len(users) > 1 for users in users_by_device.values()) < 60
    assert sum(len(devices) > 1 for devices in devices_by_user.values()) > 30
    assert without_visitor > 300
    assert guests > 50


@pytest.mark.parametrize(("days", "visitors"), [(1, 30), (2, 1), (1, 0), (40, 25)])
def test_a_world_of_any_size_is_written_and_counted(
    tmp_path: Path, days: int, visitors: int
) -> None:
    start = date(2024, 2, 28)
    truth = write_shop_logs(tmp_path, seed=11, days=days, visitors=visitors, start=start)
    lines = list(read_lines(tmp_path / "raw"))
    assert Counter(line.source for line in lines) == Counter(
        {source: truth.lines[source] for source in ("client", "mobile", "server")}
    )
    assert all(start <= line.landing_date < start + timedelta(days=days) for line in lines)


@pytest.mark.parametrize(("days", "visitors"), [(0, 10), (-1, 10), (5, -1)])
def test_an_impossible_world_is_refused_and_nothing_is_written(
    tmp_path: Path, days: int, visitors: int
) -> None:
    with pytest.raises(ValueError, match="days must be at least 1"):
        write_shop_logs(tmp_path, days=days, visitors=visitors)
    assert list(tmp_path.iterdir()) == []


def test_writing_the_same_shop_again_leaves_every_file_untouched(tmp_path: Path) -> None:
    write_shop_logs(tmp_path, days=3, visitors=50)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    write_shop_logs(tmp_path, days=3, visitors=50)
    assert {path: path.stat() for path in tmp_path.rglob("*")} == before


def test_a_run_that_was_killed_half_way_is_completed(tmp_path: Path) -> None:
    write_shop_logs(tmp_path / "whole", days=3, visitors=50)
    whole = files_of(tmp_path / "whole" / "raw")
    for name in list(whole)[::2]:
        path = tmp_path / "half" / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole[name])
    unfinished = tmp_path / "half" / "raw" / "client" / ".events-00.jsonl.tmp"
    unfinished.write_bytes(b'{"event_ty')
    write_shop_logs(tmp_path / "half", days=3, visitors=50)
    unfinished.unlink()
    assert files_of(tmp_path / "half" / "raw") == whole


@pytest.mark.parametrize(
    "name", ["client/2026-10-01/mine.jsonl", "client/2026-10-01/events-01.jsonl"]
)
def test_somebodys_own_logs_are_never_mixed_with_invented_ones(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "raw" / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"{}\n")
    with pytest.raises(FileExistsError, match=rf"{name}: .* choose an empty folder"):
        write_shop_logs(tmp_path, days=2, visitors=50)
    assert files_of(tmp_path) == {f"raw/{name}": b"{}\n"}
