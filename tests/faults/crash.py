"""kill -9 of a whole run at any point: the next run makes everything as if nothing had happened."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.faults.fault import Fault, Measured, say
from tests.faults.whole_run import STAGES, WholeRun, flattened, kill

NAIVE = """
import json, sys
from pathlib import Path
from typing import Any

table, ledger, logs = (Path(each) for each in sys.argv[1:4])
done = set(ledger.read_text().split()) if ledger.exists() else set()
for log in sorted(logs.iterdir()):
    if log.name in done:
        continue
    with table.open("a") as out:
        for line in log.open():
            out.write(json.dumps(json.loads(line)) + "\\n")
            out.flush()
    with ledger.open("a") as out:
        out.write(log.name + "\\n")
"""


def ours(folder: Path, rounds: int) -> Measured:
    """Each stage of a shop is killed again and again, and compared when a run was let through.

    After one kill or several in a row comes a plain run. Half of the kills hit the run's own process
    alone, half all that it started. After each kill what is published and what the load records
    vouch for has to be as before or as after, never between.
    """
    measured, rng = Measured(), random.Random(rounds)
    shop = WholeRun.new(folder / "shop")
    for number, stage in enumerate(STAGES):
        shop.arrive(stage)
        shop.keep()
        before = shop.published()
        begun = time.monotonic()
        shop.run()
        seconds = time.monotonic() - begun
        seen = (before, shop.published())
        expected = flattened(shop.tables())
        mine = rounds // len(STAGES) + (number < rounds % len(STAGES))
        killed = 0
        while killed < mine:
            shop.go_back()
            for _ in range(min(rng.choice([1, 1, 2, 4, 8]), mine - killed)):
                process = shop.start()
                time.sleep(rng.uniform(0.05, 1) * seconds)
                killed += kill(process, is_alone=rng.random() < 0.5)
                say(f"{stage}: killed {killed} of {mine}")
                measured.expect(shop.published() in seen, "half of something was published")
                measured.expect(not shop.lake_errors(), f"in the lake: {shop.lake_errors()[:3]}")
            _check_plain_run(shop, expected, measured)
        measured.rounds += killed
    return measured


def _check_plain_run(shop: WholeRun, expected: list[Any], measured: Measured) -> None:
    process = shop.start()
    output, errors = process.communicate()
    ended = f"a plain run ended with {process.returncode}: {output[-2000:]}{errors[-500:]}"
    measured.expect(process.returncode == 0, ended)
    if process.returncode == 0:
        found = flattened(shop.tables())
        measured.compare(expected, found)
        differing = sorted({row[0] for row in set(expected) ^ set(found)})
        measured.expect(not differing, f"other rows in {', '.join(differing)}")
        for row in sorted(set(expected) ^ set(found))[:4]:
            say(f"{'expected' if row in expected else 'found'}: {row}")
    code, words = shop.doctor()
    measured.expect(code == 0, f"doctor is not content: {words}")
    measured.expect("named by no load" not in words, "something was left over in the lake")
    left = [each.name for each in (shop.root / "data").rglob(".*.tmp") if each.is_file()]
    measured.expect(not left, f"left over: {left}")
    say(f"after a plain run: {measured.lost} lost, {measured.doubled} doubled, {measured.wrong}")


def naive(folder: Path, rounds: int) -> Measured:
    """A loop that appends what it read to a file, and notes which logs are done."""
    measured, rng = Measured(), random.Random(5)
    logs = folder / "logs"
    logs.mkdir()
    for number in range(4):
        lines = [json.dumps({"id": f"{number}-{each}"}) for each in range(20_000)]
        (logs / f"{number}.jsonl").write_text("\n".join(lines) + "\n")
    expected = [each for log in logs.iterdir() for each in log.read_text().splitlines()]
    for number in range(rounds):
        table, ledger = folder / f"{number}.table", folder / f"{number}.ledger"
        command = [sys.executable, "-c", NAIVE, *map(str, (table, ledger, logs))]
        process = subprocess.Popen(command)
        size = rng.uniform(0.1, 0.9) * sum(each.stat().st_size for each in logs.iterdir())
        while process.poll() is None and not (table.exists() and table.stat().st_size > size):
            time.sleep(0.001)
        process.kill()
        process.wait()
        subprocess.run(command, check=True, env=os.environ)
        measured.compare(expected, table.read_text().splitlines())
        measured.rounds += 1
    return measured


FAULTS = [
    Fault(
        11,
        "kill -9 at a random point of a run, then a plain run",
        ours,
        naive,
        "a loop that appends to a file and notes what is done",
        few=0,
        many=50,
    )
]
