"""One small shop through the whole job, run by run; each run costs seconds, so tests share them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from event_assets.run_report import RunReport
from event_assets.settings import load_settings, packaged_plan_dir
from tests.dagster.shop import SOURCES, Shop, page_views, purchase


@pytest.fixture(scope="session")
def parsed_dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt folder with the manifest, so that it is made once for all tests."""
    from event_assets.dbt_manifest import manifest_path

    settings = load_settings(tmp_path_factory.mktemp("parsed"), packaged_plan_dir(), None)
    manifest_path(settings)
    return settings.dbt_dir


@pytest.fixture(scope="session")
def new_shop(tmp_path_factory: pytest.TempPathFactory, parsed_dbt: Path):
    """Makes shops without any logs."""

    def make() -> Shop:
        folder = tmp_path_factory.mktemp("shop")
        plan = folder / "plan"
        shutil.copytree(packaged_plan_dir(), plan)
        (plan / "sources.yaml").write_text(SOURCES)
        settings = load_settings(folder / "data", plan, None)
        for source in settings.config.sources:
            (settings.data_dir / "raw" / source.name).mkdir(parents=True)
        shutil.copytree(parsed_dbt, settings.dbt_dir)
        return Shop(settings)

    return make


@dataclass
class History:
    """A shop after three runs, with what each of them reported and published."""

    shop: Shop
    reports: dict[str, RunReport]
    published: dict[str, list[tuple[object, ...]]]
    is_published_by_hand: bool  # after the test that failed


@pytest.fixture(scope="session")
def history(new_shop) -> History:
    """A bad and a good day; an order without a rate, of which a test fails; the rate and the bad day accepted."""
    shop: Shop = new_shop()
    bad = [*page_views("2026-10-01", visitors=10, broken=4), "", "no json"]
    shop.write("client", "2026-10-01", bad)
    shop.write("client", "2026-10-03", page_views("2026-10-03", visitors=10))
    shop.write("server", "2026-10-03", [purchase("2026-10-03T10:00:00Z", "o1")])
    reports: dict[str, RunReport] = {}
    published: dict[str, list[tuple[object, ...]]] = {}

    def step(name: str) -> None:
        reports[name] = shop.run()
        published[name] = shop.published(
            "select (select count(*) from sessions), content_version from about"
        )

    step("bad day")
    shop.write("server", "2026-10-04", [purchase("2026-10-04T10:00:00Z", "o2", currency="USD")])
    step("failing test")
    by_hand = shop.launch(dg.AssetKey("analytics"))
    rates = "date,currency,rate\n2026-10-01,USD,0.9\n"
    (shop.settings.plan_dir / "rates.csv").write_text(rates)
    shop.accept("client", "2026-10-01")
    step("accepted")
    return History(shop, reports, published, by_hand.success)
