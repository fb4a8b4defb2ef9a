"""What `channels explain` says is what sessions and touchpoints get: both run the models' SQL."""

import random

import channel_oracle
from building import Warehouse
from lake import SHOP_PLAN, event
from random_landings import random_landing

from event_assets.channels.judging import judge
from event_assets.dbt_manifest import dbt_project_dir
from event_assets.ingest.urls import UTM_FIELDS, CampaignReader

COLUMNS = ("referrer_host", "channel", "channel_rule", "channel_field")


def test_sessions_get_what_is_explained_and_what_the_definition_says(warehouse: Warehouse) -> None:
    rng = random.Random(7)
    landings = [random_landing(rng) for _ in range(1500)]
    reader = CampaignReader()
    names = (*UTM_FIELDS, "click_id", "click_id_type")
    events = [
        event(
            event_id=f"{number:04}",
            anonymous_id=f"a{number}",
            page_url=landing.url,
            referrer=landing.referrer,
            **dict(zip(names, reader.read(landing.url), strict=True)),
        )
        for number, landing in enumerate(landings)
    ]
    warehouse.lake.add("one", events)
    warehouse.build("--select", "+sessions", "+touchpoints")
    own_domains = [(each["domain"],) for each in SHOP_PLAN["own_domains"]]
    own = {
        "own_domains": own_domains,
        "plan_channel_sites": [],
        "plan_channel_rules": [],
        "plan_channel_paid_mediums": [],
    }
    explained = judge(landings, own, dbt_project_dir())
    for table, columns in (("sessions", COLUMNS), ("touchpoints", COLUMNS[1:])):
        found = warehouse.query(
            f"select {', '.join(columns)} from marts.{table} "
            "inner join core.int_visitor_events using (session_id) order by event_id"
        )
        assert found == [tuple(facts[column] for column in columns) for facts in explained]
    expected = [
        channel_oracle.channel(landing.url, landing.referrer, ("shop.example.com",))
        for landing in landings
    ]
    assert [(facts["channel"], facts["channel_field"]) for facts in explained] == expected
    assert warehouse.dbt("test", "--select", "int_touch_channels,test_type:generic")
