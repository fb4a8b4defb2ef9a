"""The simulated shops that the tests of this folder share."""

from typing import Any

import pytest
from raw_logs import ShopOnDisk, read_lines

from event_assets.simulate.shop import write_shop_logs


@pytest.fixture(scope="session")
def shop_of_the_demo(tmp_path_factory: pytest.TempPathFactory) -> ShopOnDisk:
    """The defaults of `write_shop_logs`."""
    return _write(tmp_path_factory, {})


@pytest.fixture(
    scope="session",
    params=[
        pytest.param({}, id="demo"),
        pytest.param({"seed": 4, "days": 5, "visitors": 200}, id="a few days"),
        pytest.param({"seed": 3, "days": 60, "visitors": 800}, id="two months"),
        pytest.param({"seed": 2, "days": 12, "visitors": 1500}, id="another seed"),
    ],
)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ShopOnDisk:
    """Shops of several sizes and seeds."""
    if not request.param:
        return request.getfixturevalue("shop_of_the_demo")
    return _write(tmp_path_factory, request.param)


def _write(tmp_path_factory: pytest.TempPathFactory, arguments: dict[str, Any]) -> ShopOnDisk:
    data_dir = tmp_path_factory.mktemp("shop")
    truth = write_shop_logs(data_dir, **arguments)
    return ShopOnDisk(data_dir / "raw", truth, list(read_lines(data_dir / "raw")))
