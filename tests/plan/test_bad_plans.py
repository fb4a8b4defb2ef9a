"""Every mistake in a plan folder ends in one line that names file, line and remedy."""

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan

Write = Callable[[dict[str, str]], Path]

HEAD = """\
event: pay
description: Money came in.
purpose: Revenue.
owner: pay@example.com
sent_by: [server]
"""  # five lines: what follows begins at line 6
PAY = "events/pay.yaml"
EXPERIMENT = """\
experiments:
  social:
    channel: Paid Social
    conversion: pay
    assigned_by: {event: signup, arm: plan}
    starts: 2026-01-01
    ends: 2026-01-09
"""
PAID = {PAY: HEAD + "conversion: {}\n"}
PRICE = "properties:\n  price: {type: number}\n"
BUY = "funnels:\n  buy:\n    steps: [signup, signup]\n"  # three lines, too


def error_of(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_plan(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


EVENT_MISTAKES = {
    "typo in a key": (
        "porpose: x\n",
        "plan/events/pay.yaml:6: porpose: unknown key; did you mean `purpose`?",
    ),
    "typo in a schema keyword": (
        "properties:\n  price:\n    type: number\n    requird: true\n",
        "plan/events/pay.yaml:9: properties.price.requird: unknown key; did you mean `required`?",
    ),
    "typo deep inside a schema": (
        "properties:\n  a:\n    type: array\n    items:\n      properties:\n"
        "        b: {type: string, minLenght: 1}\n",
        "plan/events/pay.yaml:11: properties.a.items.properties.b.minLenght: unknown key; "
        "did you mean `minLength`?",
    ),
    "unknown type": (
        "properties:\n  price: {type: nubmer}\n",
        "plan/events/pay.yaml:7: properties.price.type: `nubmer` is no type; "
        "did you mean `number`?",
    ),
    "unknown type in a list": (
        "properties:\n  price:\n    type: [number, nil]\n",
        "plan/events/pay.yaml:8: properties.price.type: `nil` is no type; allowed: string, "
        "integer, number, boolean, object, array, null",
    ),
    "unknown format": (
        "properties:\n  at: {format: datetime}\n",
        "plan/events/pay.yaml:7: properties.at.format: `datetime` is no format; "
        "did you mean `date-time`?",
    ),
    "regex that cannot compile": (
        "properties:\n  code:\n    pattern: '('\n",
        "plan/events/pay.yaml:8: properties.code.pattern: not a regular expression that can be "
        "used; look-around, back-references and huge repetitions are not taken, as they can take "
        "for ever",
    ),
    "regex that would take gigabytes": (
        "properties:\n  code:\n    pattern: '((a{1000}){1000}){1000}'\n",
        "plan/events/pay.yaml:8: properties.code.pattern: not a regular expression that can be "
        "used; look-around, back-references and huge repetitions are not taken, as they can take "
        "for ever",
    ),
    "keyword with a wrong value": (
        "properties:\n  code:\n    minLength: -1\n",
        "plan/events/pay.yaml:8: properties.code.minLength: -1 is less than the minimum of 0",
    ),
    "enum that is no list": (
        "properties:\n  code:\n    enum: free\n",
        'plan/events/pay.yaml:8: properties.code.enum: "free" is not of type "array"',
    ),
    "property that is no schema": (
        "properties:\n  code: string\n",
        "plan/events/pay.yaml:7: properties.code: not a schema; write it as `{type: string}`",
    ),
    "required that is no truth value": (
        "properties:\n  code: {required: sometimes}\n",
        "plan/events/pay.yaml:7: properties.code.required: neither true or false within a "
        "property nor a list of names; write `required: true`",
    ),
    "reference to somewhere else": (
        "properties:\n  code: {$ref: 'other.json'}\n",
        "plan/events/pay.yaml:7: properties.code.$ref: leads out of the event; "
        "write the definition into `rules: {$defs: …}` and `#/$defs/name` here",
    ),
    "required with a name that is no text": (
        "properties:\n  code: {type: object, required: [1]}\n",
        "plan/events/pay.yaml:7: properties.code.required: a list of names is expected here; "
        "quote them",
    ),
    "examples that are no list": (
        "properties:\n  code: {type: string, examples: EUR}\n",
        "plan/events/pay.yaml:7: properties.code.examples: a list is expected here; "
        "write it as `[EUR, USD]`",
    ),
    "description that is no text": (
        "properties:\n  code: {type: string, description: 5}\n",
        "plan/events/pay.yaml:7: properties.code.description: a text is expected here; quote it",
    ),
    "sensitivity in a rule": (
        "properties:\n  code: {type: string}\n"
        "rules:\n  then: {properties: {code: {sensitivity: personal}}}\n",
        "plan/events/pay.yaml:9: rules.then.properties.code.sensitivity: is not taken here; "
        "write it into the property, or into a definition",
    ),
    "comma in a description that is not quoted": (
        "properties:\n  code: {type: string, description: A code, mostly.}\n",
        "plan/events/pay.yaml:7: properties.code.mostly.: unknown key; put the text before it in "
        "quotes, as a comma ends it",
    ),
    "colon in a description that is not quoted": (
        "properties:\n  code:\n    description: A code: mostly\n",
        "plan/events/pay.yaml:8: not valid YAML: mapping values are not allowed in this context; "
        "put a text that holds `: ` in quotes",
    ),
    "one group that is no list": (
        "groups: campaign\n",
        "plan/events/pay.yaml:6: groups: expected a list, found a text",
    ),
    "reference to nothing": (
        "properties:\n  code: {$ref: '#/$defs/adress'}\n"
        "rules: {$defs: {address: {type: object}}}\n",
        "plan/events/pay.yaml:7: properties.code.$ref: there is no definition `adress`; "
        "did you mean `address`?",
    ),
    "definition that is itself": (
        "properties:\n  code: {$ref: '#/$defs/a'}\n"
        "rules:\n  $defs:\n    a: {allOf: [{$ref: '#/$defs/b'}]}\n    b: {$ref: '#/$defs/a'}\n",
        "plan/events/pay.yaml:10: rules.$defs.a: is defined by itself: a → b → a; break it up",
    ),
    "definitions that multiply": (
        "properties:\n  code: {$ref: '#/$defs/d0'}\nrules:\n  $defs:\n"
        + "".join(
            f"    d{n}: {{allOf: [{{$ref: '#/$defs/d{n + 1}'}}, {{$ref: '#/$defs/d{n + 1}'}}]}}\n"
            for n in range(40)
        )
        + "    d40: {type: string}\n",
        "plan/events/pay.yaml:41: rules.$defs.d31: would judge one value more than 1,000 times; "
        "refer to fewer definitions",
    ),
    "regex that can take for ever": (
        "properties:\n  code: {type: string, pattern: '^(?=(a+)+$)b'}\n",
        "plan/events/pay.yaml:7: properties.code.pattern: not a regular expression that can be "
        "used; look-around, back-references and huge repetitions are not taken, as they can take "
        "for ever",
    ),
    "regex of a name that cannot compile": (
        "properties:\n  code: {type: object, patternProperties: {'(': {type: string}}}\n",
        "plan/events/pay.yaml:7: properties.code.patternProperties.(: not a regular expression "
        "that can be used; look-around, back-references and huge repetitions are not taken, as "
        "they can take for ever",
    ),
    "rule that the properties say": (
        "properties:\n  code: {type: string}\nrules: {required: [code]}\n",
        "plan/events/pay.yaml:8: rules.required: is said by the properties themselves; "
        "write it into the event's `properties`",
    ),
    "rule that is none": (
        "properties:\n  code: {type: string}\nrules:\n  iff: {}\n",
        "plan/events/pay.yaml:9: rules.iff: unknown key; did you mean `if`?",
    ),
    "rule with a wrong value": (
        "properties:\n  code: {type: string}\nrules:\n  minProperties: -1\n",
        "plan/events/pay.yaml:9: rules.minProperties: -1 is less than the minimum of 0",
    ),
    "definitions within a property": (
        "properties:\n  code: {$defs: {a: {}}}\n",
        "plan/events/pay.yaml:7: properties.code.$defs: is not taken here; "
        "write definitions into the event's `rules: {$defs: …}`",
    ),
    "earlier shape for nobody": (
        "earlier:\n  - properties: {code: {type: string}}\n",
        "plan/events/pay.yaml:7: earlier.0: neither `versions` nor `until` says which events have "
        "this older shape",
    ),
    "earlier shape that ends before it begins": (
        "earlier:\n  - {since: 2026-02-01, until: 2026-01-01}\n",
        "plan/events/pay.yaml:7: earlier.0: `until` is before `since`",
    ),
    "mistake in an earlier shape": (
        "earlier:\n  - until: 2026-01-01\n    properties:\n      code: {typ: string}\n",
        "plan/events/pay.yaml:9: earlier.0.properties.code.typ: unknown key; did you mean `type`?",
    ),
    "version of two shapes": (
        "versions: ['2']\nearlier:\n  - versions: [2]\n",
        "plan/events/pay.yaml:1: version `2` is given to two shapes",
    ),
    "version that YAML shortens": (
        "versions: [1.10]\n",
        "plan/events/pay.yaml:6: versions.0: `1.1` may have been written differently; quote it, "
        'as in "1.10"',
    ),
    "sensitivity that is none": (
        "properties:\n  mail: {type: string, sensitivity: private}\n",
        "plan/events/pay.yaml:7: properties.mail.sensitivity: `private` is no sensitivity; "
        "allowed: none, pseudonymous, personal",
    ),
    "unknown group": (
        "groups:\n  - campain\n",
        "plan/events/pay.yaml:7: groups.0: unknown group `campain`; did you mean `campaign`?",
    ),
    "group conflict": (
        "groups: [campaign, other]\n",
        "plan/events/pay.yaml:6: groups.1: `utm_source` is defined differently in two groups; "
        "make them alike, or define it in the event",
    ),
    "omit where nothing could be omitted": (
        "policy:\n  required_missing: omit\n",
        "plan/events/pay.yaml:7: policy.required_missing: `omit` is not allowed here; "
        "allowed: accept, quarantine",
    ),
    "unknown role": (
        "role: pageview\n",
        "plan/events/pay.yaml:6: role: `pageview` is not allowed here; did you mean `page_view`?",
    ),
    "value of the conversion that is no property": (
        PRICE + "conversion:\n  value: prize\n",
        "plan/events/pay.yaml:9: conversion.value: unknown property of pay `prize`; "
        "did you mean `price`?",
    ),
    "condition on what is no property": (
        PRICE + "conversion: {where: {plan: pro}}\n",
        "plan/events/pay.yaml:8: conversion.where.plan: unknown property of pay `plan`; "
        "there are: price",
    ),
    "condition that compares with a list": (
        PRICE + "conversion: {where: {price: [1, 2]}}\n",
        "plan/events/pay.yaml:8: conversion.where: `price` is compared with a text, a number, "
        "true or false only",
    ),
    "refund of nothing": (
        PRICE + "refund_of: {conversion: buy, key: price, value: price}\n",
        "plan/events/pay.yaml:8: refund_of.conversion: unknown conversion `buy`; there are: none",
    ),
    "deprecated in favour of nothing": (
        "status: deprecated\ndeprecated: {reason: renamed, use: singup}\n",
        "plan/events/pay.yaml:7: deprecated.use: unknown event `singup`; did you mean `signup`?",
    ),
    "deprecated and active": (
        "deprecated: {reason: obsolete}\n",
        "plan/events/pay.yaml:1: `deprecated` is given; set `status: deprecated` as well",
    ),
    "day that is a number": (
        "since: 20260101\n",
        "plan/events/pay.yaml:6: since: not a day; write it as `2026-09-21`",
    ),
    "key twice": (
        "status: draft\nstatus: active\n",
        "plan/events/pay.yaml:7: `status` is there twice, first at line 6; keep one of them",
    ),
    "tab": (
        "properties:\n\tprice: {type: number}\n",
        "plan/events/pay.yaml:7: a tab in the indentation; indent with spaces",
    ),
    "tag": (
        "status: !!python/object/apply:os.system [ls]\n",
        "plan/events/pay.yaml:6: a tag (`!…`); remove it",
    ),
    "alias": (
        "properties:\n  a: &x {type: string}\n  b: *x\n",
        "plan/events/pay.yaml:8: an alias (`*x`); write the value out",
    ),
    "key that is no text": (
        "properties:\n  1: {type: string}\n",
        "plan/events/pay.yaml:7: a key that is not text: 1; quote it",
    ),
    "unclosed bracket": (
        "groups: [a\nstatus: active\n",
        "plan/events/pay.yaml:7: not valid YAML: did not find expected ',' or ']'",
    ),
    "second document": (
        "---\nevent: pay\n",
        "plan/events/pay.yaml:6: a second document; keep one document in a file",
    ),
    "control character": (
        "status: active\nrole: \x07\n",
        "plan/events/pay.yaml:7: a control character; remove it",
    ),
}


@pytest.mark.parametrize(("text", "expected"), EVENT_MISTAKES.values(), ids=EVENT_MISTAKES.keys())
def test_a_mistake_in_an_event_is_named_with_its_line(write_plan: Write, text: str, expected: str):
    folder = write_plan(
        {
            PAY: HEAD + text,
            "property_groups.yaml": "groups:\n  campaign: {utm_source: {type: string}}\n"
            "  other: {utm_source: {type: integer}}\n",
        }
    )
    assert error_of(folder) == expected


OTHER_MISTAKES = {
    "event named unlike its file": (
        {"events/pays.yaml": HEAD},
        "plan/events/pays.yaml:1: event: `pay` is not the name of the file; rename one of them: "
        "the file to `pay.yaml` or the event to `pays`",
    ),
    "missing purpose": (
        {PAY: HEAD.replace("purpose: Revenue.\n", "")},
        "plan/events/pay.yaml:1: purpose: missing",
    ),
    "empty event": (
        {PAY: ""},
        "plan/events/pay.yaml:1: expected keys and values, found nothing",
    ),
    "owner nobody can write to": (
        {PAY: HEAD.replace("pay@example.com", "Paul")},
        "plan/events/pay.yaml:4: owner: `Paul` is neither an e-mail address nor `team:name`",
    ),
    "event in a .yml file": (
        {"events/pay.yml": HEAD},
        "plan/events/pay.yml: the name ends in .yml; rename it to pay.yaml",
    ),
    "event in a folder": (
        {"events/money/pay.yaml": HEAD},
        "plan/events/money: a folder among the events; put its files into events/",
    ),
    "typo in a file's name": (
        {"funnel.yaml": "funnels: {}\n"},
        "plan/funnel.yaml: not a file of a plan; did you mean `funnels.yaml`?",
    ),
    "unknown event in a funnel": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps:\n      - signup\n      - signupp\n"},
        "plan/funnels.yaml:5: funnels.buy.steps.1: unknown event `signupp`; did you mean `signup`?",
    ),
    "unknown property in a funnel": (
        {
            "funnels.yaml": "funnels:\n  buy:\n    steps:\n      - signup\n"
            "      - {event: signup, where: {plna: pro}}\n"
        },
        "plan/funnels.yaml:5: funnels.buy.steps.1.where.plna: unknown property of signup `plna`; "
        "did you mean `plan`?",
    ),
    "typo in a funnel step": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {evnt: signup}]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps.1.evnt: unknown key; did you mean `event`?",
    ),
    "window without a unit": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps: [signup, signup]\n    window: 7\n"},
        "plan/funnels.yaml:4: funnels.buy.window: not a duration; write a whole number and "
        "seconds, minutes, hours, days or weeks, such as `7 days`",
    ),
    "window of zero": (
        {"funnels.yaml": BUY + "    window: 0 days\n"},
        "plan/funnels.yaml:4: funnels.buy.window: a duration of zero; write at least `1 second`",
    ),
    "one step": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps: [signup]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps: fewer than two steps; a funnel leads from one step to "
        "another",
    ),
    "more than twenty steps": (
        {"funnels.yaml": f"funnels:\n  buy:\n    steps: [{'signup, ' * 20}signup]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps: more than 20 steps; make it two funnels",
    ),
    "a step that is nothing": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps:\n    - signup\n    - {optional: true}\n"},
        "plan/funnels.yaml:5: funnels.buy.steps.1: neither `event` nor `page` says what it is; give one "
        "of them",
    ),
    "a condition on a page": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {page: /x, where: {a: 1}}]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps.1.where: conditions on properties of no event; give "
        "`event` as well",
    ),
    "a page in a plan without views": (
        {"funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {page: /x}]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps.1: no event of this plan is a view of a page; give "
        "`event`, or give the events that are views their `role`",
    ),
    "the first step left out": (
        {
            "funnels.yaml": "funnels:\n  buy:\n    steps: [{event: signup, optional: true}, signup]\n"
        },
        "plan/funnels.yaml:3: funnels.buy.steps.0.optional: the first step cannot be left out; make it "
        "required",
    ),
    "the last step left out": (
        {
            "funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {event: signup, optional: true}]\n"
        },
        "plan/funnels.yaml:3: funnels.buy.steps.1.optional: the last step cannot be left out; make it "
        "required",
    ),
    "unknown semantics": (
        {"funnels.yaml": BUY + "    semantics: [orderd]\n"},
        "plan/funnels.yaml:4: funnels.buy.semantics.0: `orderd` is not allowed here; did you mean "
        "`ordered`?",
    ),
    "unknown subject": (
        {"funnels.yaml": BUY + "    subject: device\n"},
        "plan/funnels.yaml:4: funnels.buy.subject: `device` is not allowed here; allowed: person, "
        "session",
    ),
    "unknown event in an exclusion": (
        {"funnels.yaml": BUY + "    exclude:\n      - signupp\n"},
        "plan/funnels.yaml:5: funnels.buy.exclude.0: unknown event `signupp`; did you mean `signup`?",
    ),
    "an exclusion between steps that are not there": (
        {"funnels.yaml": BUY + "    exclude: [{event: signup, between: [2, 3]}]\n"},
        "plan/funnels.yaml:4: funnels.buy.exclude.0.between: not two steps of this funnel; write two "
        "numbers from 1 to 2, the smaller first",
    ),
    "an exclusion from an optional step on": (
        {
            "funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {event: signup, optional: true}, "
            "signup]\n    exclude: [{event: signup, between: [2, 3]}]\n"
        },
        "plan/funnels.yaml:4: funnels.buy.exclude.0.between: step 2 is optional; name a required one",
    ),
    "the same step twice in any order": (
        {"funnels.yaml": BUY + "    semantics: [ordered, any_order]\n"},
        "plan/funnels.yaml:3: funnels.buy.steps.1: the same step twice has no meaning in any_order; "
        "leave one of them out",
    ),
    "a time since the step before in any order": (
        {
            "funnels.yaml": "funnels:\n  buy:\n    steps: [signup, {event: signup, where: {plan: pro}, "
            "within: 1 hour}]\n    semantics: [any_order]\n"
        },
        "plan/funnels.yaml:3: funnels.buy.steps.1.within: in any_order no step is before another; leave "
        "`within` or any_order out",
    ),
    "a breakdown by what is no property": (
        {"funnels.yaml": BUY + "    breakdown: [plna]\n"},
        "plan/funnels.yaml:4: funnels.buy.breakdown.0: unknown property of signup `plna`; did you mean "
        "`plan`?",
    ),
    "a form without its submission": (
        {"funnels.yaml": "forms:\n  join: {start: signup, submit: signupp}\n"},
        "plan/funnels.yaml:2: forms.join.submit: unknown event `signupp`; did you mean `signup`?",
    ),
    "experiment by an unknown event": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("event: signup", "event: signpu")},
        "plan/experiments.yaml:5: experiments.social.assigned_by.event: unknown event `signpu`; "
        "did you mean `signup`?",
    ),
    "experiment by an unknown property": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("arm: plan", "arm: plna")},
        "plan/experiments.yaml:5: experiments.social.assigned_by.arm: unknown property of signup "
        "`plna`; did you mean `plan`?",
    ),
    "experiment on an unknown property": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("signup,", "signup, where: {plna: x},")},
        "plan/experiments.yaml:5: experiments.social.assigned_by.where.plna: unknown property of "
        "signup `plna`; did you mean `plan`?",
    ),
    "experiment for an unknown conversion": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("conversion: pay", "conversion: pya")},
        "plan/experiments.yaml:4: experiments.social.conversion: unknown conversion `pya`; "
        "there are: pay",
    ),
    "experiment until no day": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("01-09", "01-00")},
        "plan/experiments.yaml:7: experiments.social.ends: not a day; write it as `2026-09-21`",
    ),
    "experiment that ends before it begins": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("2026-01-09", "2025-01-09")},
        "plan/experiments.yaml:7: experiments.social.ends: is before `starts`",
    ),
    "experiment whose arms are one": (
        {**PAID, "experiments.yaml": EXPERIMENT + "    control: treated\n"},
        "plan/experiments.yaml:8: experiments.social.control: both arms are called `treated`",
    ),
    "experiment that treats everybody": (
        {**PAID, "experiments.yaml": EXPERIMENT + "    treated_share: 1\n"},
        "plan/experiments.yaml:8: experiments.social.treated_share: Input should be less than 1",
    ),
    "experiment without its days": (
        {**PAID, "experiments.yaml": EXPERIMENT.replace("    ends: 2026-01-09\n", "")},
        "plan/experiments.yaml:2: experiments.social.ends: missing",
    ),
    "mistake in a group": (
        {"property_groups.yaml": "groups:\n  place:\n    city: {type: text}\n"},
        "plan/property_groups.yaml:3: groups.place.city.type: `text` is no type; allowed: string, "
        "integer, number, boolean, object, array, null",
    ),
    "policy that is none": (
        {"plan.yaml": "name: shop\nversion: 1\npolicy: {malformed: accept}\n"},
        "plan/plan.yaml:3: policy.malformed: `accept` is not allowed here; allowed: quarantine",
    ),
    "policy for a type that is none": (
        {"plan.yaml": "name: shop\nversion: 1\npolicy: {type_mismach: accept}\n"},
        "plan/plan.yaml:3: policy.type_mismach: unknown key; did you mean `type_mismatch`?",
    ),
    "share above one": (
        {"plan.yaml": "name: shop\nversion: 1\nchecks:\n  violations: {error: 5}\n"},
        "plan/plan.yaml:4: checks.violations.error: Input should be less than or equal to 1",
    ),
    "channel pattern that the warehouse cannot use": (
        {"channels.yaml": "rules:\n  - {name: a, channel: Email, source: '(?=x)y'}\n"},
        "plan/channels.yaml:2: rules.0.source: not a regular expression that can be used",
    ),
    "paid medium that the warehouse cannot use": (
        {"channels.yaml": "paid_mediums:\n  - sponsored\n  - '('\n"},
        "plan/channels.yaml:3: paid_mediums.1: not a regular expression that can be used",
    ),
    "channel rule without a condition": (
        {"channels.yaml": "rules:\n  - {name: a, channel: Email}\n"},
        "plan/channels.yaml:2: rules.0: a rule without a condition would take every touch; "
        "give it one",
    ),
    "channel site with a scheme": (
        {"channels.yaml": "sites:\n  - {host: 'https://a.example', kind: search, name: a}\n"},
        "plan/channels.yaml:2: sites.0.host: `https://a.example` is no host name; write it as "
        "`shop.example.com`",
    ),
    "channel site twice": (
        {
            "channels.yaml": "sites:\n  - {host: a.example, kind: search, name: a}\n"
            "  - {host: A.example, kind: social, name: b}\n"
        },
        "plan/channels.yaml:3: sites.1.host: `a.example` is there twice; keep one of them",
    ),
    "rates with another column": (
        {"rates.csv": "day,currency,rate\n"},
        "plan/rates.csv:1: the columns are day, currency, rate; expected: date, currency, rate",
    ),
    "rate that is none": (
        {"rates.csv": "date,currency,rate\n2026-01-01,USD,0.9\n2026-01-02,USD,0\n"},
        "plan/rates.csv:3: rate: Input should be greater than 0",
    ),
    "rate of a currency that is none": (
        {"rates.csv": "date,currency,rate\n2026-01-01,usd,0.9\n"},
        "plan/rates.csv:2: currency: not a currency; write the three capital letters of "
        "ISO 4217, such as `EUR`",
    ),
    "rate twice": (
        {"rates.csv": "date,currency,rate\n2026-01-01,USD,0.9\n2026-01-01,USD,0.8\n"},
        "plan/rates.csv:3: a second rate of USD on 2026-01-01; keep one of them",
    ),
}


@pytest.mark.parametrize(("files", "expected"), OTHER_MISTAKES.values(), ids=OTHER_MISTAKES.keys())
def test_a_mistake_in_any_file_is_named_with_its_line(
    write_plan: Write, files: dict[str, str], expected: str
):
    assert error_of(write_plan(files)) == expected


def test_a_refund_needs_the_key_of_its_conversion(write_plan: Write):
    conversion = HEAD + PRICE + "conversion: {value: price}\n"
    refund = HEAD.replace("event: pay", "event: back") + PRICE
    refund += "refund_of: {conversion: pay, key: price, value: price}\n"
    assert error_of(write_plan({PAY: conversion, "events/back.yaml": refund})) == (
        "plan/events/back.yaml:8: refund_of.conversion: `pay` has no key by which a refund finds "
        "it; give the conversion of `pay` a `key`"
    )


def test_a_missing_plan_yaml_is_told_with_what_belongs_into_it(write_plan: Write):
    folder = write_plan({})
    (folder / "plan.yaml").unlink()
    assert error_of(folder) == (
        "plan/plan.yaml: no such file; a plan begins with `name: shop` and `version: 1` in it"
    )


def test_a_missing_plan_folder_is_told_with_the_variable_that_names_it(tmp_path: Path):
    assert error_of(tmp_path / "nowhere") == (
        f"{tmp_path}/nowhere: there is no plan folder here; name the folder that holds plan.yaml "
        "in EVENT_ASSETS_PLAN"
    )


def test_the_first_mistake_in_the_file_is_the_one_that_is_told(write_plan: Write):
    folder = write_plan({PAY: HEAD + "role: nonsense\nzzz: 1\nstatus: nonsense\n"})
    assert error_of(folder).startswith("plan/events/pay.yaml:6: role:")


BOMBS = {
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi")),
    "alias of itself": "a: &a [*a]\n",
    "deep brackets": "a: " + "[" * 400_000,
    "deep braces": "a: " + "{a: " * 100_000,
    "deep blocks": "".join(" " * depth + "a:\n" for depth in range(900)),
    "ten megabytes": "a: b\n" * 2_000_000,
    "not UTF-8": "a: \udcff\n",
    "NUL": "a: \0\n",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_once_with_its_file(write_plan: Write, text: str):
    folder = write_plan({})
    (folder / PAY).write_bytes(text.encode("utf-8", "surrogateescape"))
    began = time.monotonic()
    assert error_of(folder).startswith("plan/events/pay.yaml:")
    assert time.monotonic() - began < 20  # not minutes; in truth milliseconds


KEYS = (
    "event description purpose owner sent_by properties groups type enum required items "
    "policy conversion where value key refund_of funnels steps window semantics exclude between optional within "
    "page breakdown forms start submit rules sites name "
    "source pattern version checks violations accepted_days date anyOf not "
    "additionalProperties if deprecated status a experiments assigned_by arm treated starts ends "
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS.split()),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
FILES = [
    *("plan.yaml", PAY, "property_groups.yaml", "funnels.yaml", "channels.yaml"),
    "experiments.yaml",
]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(FILES),
    head=st.sampled_from([{}, {"event": "pay", "properties": {}}, {"name": "x", "version": 1}]),
    content=json_values,
)
def test_no_content_at_all_ends_in_a_traceback(
    write_plan: Write, name: str, head: dict[str, object], content: object
):
    if isinstance(content, dict):
        content = {
            **dict(line.split(": ", 1) for line in HEAD.splitlines()),
            "sent_by": ["server"],
            **head,
            **content,
        } if name == PAY else {**head, **content}  # fmt: skip
    folder = write_plan(dict.fromkeys(set(FILES) - {"plan.yaml", PAY}, ""))
    (folder / PAY).unlink(missing_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    error: ConfigurationError | None = None
    try:
        load_plan(folder)
    except ConfigurationError as mistake:
        error = mistake
    assert error is None or error.file == folder / name
