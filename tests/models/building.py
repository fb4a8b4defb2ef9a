"""A warehouse that the dbt project builds over a handmade lake, in this process."""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from lake import HandmadeLake

PROJECT = Path(__file__).parents[2] / "dbt_project"


class Warehouse:
    """A warehouse file over one lake. dbt sees both through fixed paths, so that nothing is parsed again."""

    def __init__(self, home: Path, folder: Path, manifest: object) -> None:
        self.home = home
        self.folder = folder
        self.lake = HandmadeLake(folder / "lake")
        self.path = folder / "warehouse.duckdb"
        self.manifest = manifest
        self.told: list[str] = []
        """What macros have logged."""

    def dbt(self, *arguments: str) -> bool:
        """True where dbt ended well; what failed is printed, for pytest to show."""
        done = self._invoke(*arguments)
        if not done.success:
            results: Any = done.result
            failed = [each for each in results or () if each.status not in ("success", "pass")]
            print(done.exception or "", *(f"{each.node.name}: {each.message}" for each in failed))
        return done.success

    def messages(self, *arguments: str) -> list[str]:
        """What dbt says of each model and test that it ran."""
        result: Any = self._invoke(*arguments).result
        return [each.message for each in result.results]

    def verdicts(self, *checks: str) -> dict[str, str]:
        """Of dbt's own tests: pass, warn or fail."""
        result: Any = self._invoke("test", "--select", *checks).result
        tests = [each for each in result.results if each.node.resource_type == "test"]
        return {each.node.name: str(each.status) for each in tests}

    def _invoke(self, *arguments: str) -> dbtRunnerResult:
        for name in ("lake", "warehouse"):
            link = self.home / name
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder / "lake" if name == "lake" else self.folder)
        try:
            return dbtRunner(
                manifest=self.manifest,  # pyright: ignore[reportArgumentType]
                callbacks=[self._listen],
            ).invoke([arguments[0], *dbt_flags(self.home), *arguments[1:]])
        finally:
            DuckDBConnectionManager.close_all_connections()

    def _listen(self, message: Any) -> None:
        if message.info.name.startswith("JinjaLog"):
            self.told.append(message.info.msg)

    def build(self, *arguments: str) -> None:
        self.lake.commit()
        assert self.dbt("run", *arguments)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Every table and view of the models, its rows in one order."""
        names = self.query(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('core', 'marts') order by 1"
        )
        return {str(name): self.query(f"select * from {name} order by all") for (name,) in names}


def dbt_flags(home: Path) -> list[str]:
    """Where things are; no logs and artifacts, which cost a third of a build, unless later flags ask for them."""
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(home / "target"), "--log-path", str(home / "logs")),
        *("--log-level", "none", "--log-level-file", "none", "--no-write-json"),
    ]
