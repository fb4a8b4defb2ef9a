"""What each key of a plan's files means, as an editor shows it to someone who writes the first one.

By the class that reads the key; `KEYWORDS` are those of JSON Schema that a property takes.
"""

from __future__ import annotations

_SHAPE = {
    "versions": "The event_versions that have this shape. Quote what looks like a fraction: '1.10'.",
    "since": "The first day on which it is sent.",
    "groups": "Groups of property_groups.yaml whose properties it has as well.",
    "properties": "What it carries: a JSON Schema for each property, by name. Without any, it may "
    "carry everything.",
    "rules": "JSON Schema keywords on the properties as a whole: if/then/else, dependentRequired, "
    "$defs for `$ref: '#/$defs/name'` and so on.",
}
_MONEY = {
    "value": "The property with the amount, such as `price` or `order.total`.",
    "currency": "The property with the amount's currency; without it the reporting currency is "
    "meant.",
    "key": "The property that tells one from another, such as an order number: what client and "
    "server both report counts once.",
}
_VIOLATIONS = {
    "unplanned_event": "An event that the plan does not have, or not from this kind of source.",
    "required_missing": "A required property is not there.",
    "type_mismatch": "A value has another type.",
    "unplanned_property": "A property that the event does not have in the plan.",
    "value_invalid": "A value breaks a rule: an enum, a bound, a pattern.",
    "unplanned_version": "An event_version that the plan does not have for the event at that time.",
}
_ACTIONS = " accept: keep the event. omit: leave the property out. quarantine: set the event aside."
_WARN = "Above this a check warns."

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Event": {
        "event": "The event's name as it is sent. The file has the same name.",
        "description": "What has happened when it is sent.",
        "purpose": "Which question it answers. Without one it is noise: do not send it.",
        "owner": "Who answers for it: an e-mail address, or team:name.",
        "sent_by": "Who sends it: the browser (client), the server, or the app (mobile).",
        "status": "draft: planned and not sent yet. active: sent. deprecated: not to be sent any "
        "more; its file stays.",
        "review_by": "From this day on `plan check` asks whether it is still needed.",
        "role": "What sessions take it for: a page_view or screen_view, a heartbeat that only tells "
        "that somebody is there, or an error.",
        "conversion": "Makes it a conversion; {} is enough.",
        "refund_of": "Makes it the refund of a conversion.",
        "policy": "What happens to its violations, where that differs from the plan's policy.",
        "deprecated": "Why it is not sent any more, and what is in its place. Goes with `status: "
        "deprecated`.",
        "used_by": "What uses it beside funnels and conversions: a report, a team, a model.",
        "earlier": "Older shapes that are still valid, for apps that nobody updates.",
        **_SHAPE,
    },
    "EarlierVersion": {
        "until": "The last day on which events may have this shape.",
        **_SHAPE,
    },
    "Conversion": {
        "name": "The conversion's name, if it is not that of the event.",
        "where": "Only events with these values of properties are conversions.",
        **_MONEY,
    },
    "Refund": {
        **_MONEY,
        "conversion": "The name of the conversion that is refunded.",
        "key": "The property with the key of the refunded conversion, such as its order number.",
        "value": "The property with the amount that is paid back, as a positive number.",
    },
    "Deprecation": {
        "reason": "renamed: another event took its place. obsolete: nobody needs it any more.",
        "use": "The event that is sent in its place.",
        "since": "The day from which on it should not be sent.",
    },
    "Policy": {key: text + _ACTIONS for key, text in _VIOLATIONS.items()}
    | {"malformed": "What is no event at all: not JSON, no name, no time. It is always set aside."},
    "EventPolicy": {key: text + _ACTIONS for key, text in _VIOLATIONS.items()},
    "PlanFile": {
        "name": "The plan's name.",
        "version": "Raised by one for a breaking change; `plan diff` says when.",
        "policy": "What happens to events that break the plan, by type of violation.",
        "checks": "From which share or distance on checks warn, or keep a day out.",
        "accepted_days": "Days of a source that are let in although too many events break the plan.",
    },
    "Checks": {
        "violations": "The share of a source's day that breaks the plan.",
        "unplanned": "The share of a source's day that the plan does not have: noise.",
        "gap_days": "A planned event that was not seen for more days than these is a gap.",
        "volume": "How far a day's records are off the same weekday before: a robust z-score.",
        "duplicates": "The share of a source's day that was there already.",
        "late": "The share of a source's day that happened more than a day before.",
        "clock": "The share of a source's day with clocks that are wrong.",
        "personal_data": "The share of records with e-mail addresses, cards, phone numbers or tokens "
        "where the plan declares none.",
        "tracking_loss": "The share of conversions that the server alone reported, against the weeks "
        "before.",
        "funnel_conversion": "The share of persons that come through a funnel, against the weeks before.",
    },
    "Thresholds": {"warn": _WARN, "error": "Above this the day stays out of the tables."},
    "WarnThreshold": {"warn": _WARN},
    "WarnAbove": {"warn": _WARN},
    "WarnRise": {"warn": "Where a share rose by more than this, a check warns."},
    "WarnMove": {"warn": "Where a share moved by more than this part of it, a check warns."},
    "WarnFar": {"warn": "Farther than this, in either direction, a check warns."},
    "AcceptedDay": {
        "source": "The source, by its name in sources.yaml.",
        "date": "The landing date: the day in the name of the folder or file.",
        "reason": "Why it is let in.",
    },
    "PropertyGroups": {
        "groups": "Properties that several events share, by the group's name and their own.",
        "includes": "Gives a group the properties of other groups: {order: [product, money]}.",
    },
    "Funnels": {
        "funnels": "Funnels by name.",
        "forms": "Forms by name, to see where people begin one and do not send it.",
    },
    "Funnel": {
        "description": "What the funnel shows.",
        "steps": "Two to twenty steps in their order: names of events, or {event: …, where: {property: "
        "value}, page: /pay*, optional: true, within: 1 hour}.",
        "window": "The time from the first step within which the others have to be taken, such as 7 "
        "days; 14 days if not said.",
        "semantics": "ordered: one step after the other, with anything between them; strict: with "
        "nothing between them; any_order: all within the window; first_entry: ordered, from the very "
        "first step 1 on. Several stand side by side.",
        "subject": "Whose way is counted: that of persons, or of sessions each by itself.",
        "exclude": "Events that break the way: names, or {event: …, between: [1, 3]}.",
        "breakdown": "By what it is counted as well: channel, device, first_touch, last_touch, or a "
        "property of the first step's event.",
    },
    "FunnelStep": {
        "event": "An event of the plan.",
        "page": "Only on pages with this path, * for any text; without `event` any view of one.",
        "where": "Only events with these values of properties.",
        "optional": "Whether the step may be left out.",
        "within": "The longest time since the step before.",
    },
    "Exclusion": {
        "event": "An event of the plan.",
        "page": "Only on pages with this path, * for any text; without `event` any view of one.",
        "where": "Only events with these values of properties.",
        "between": "The numbers of the two required steps between which it breaks the way; the first "
        "and the last if not said.",
    },
    "Form": {
        "start": "The event with which the form is begun.",
        "submit": "The event with which it is sent.",
    },
    "Channels": {
        "sites": "Sites that visitors come from, beside those that are known.",
        "rules": "Channels for touches; the first rule whose conditions all hold decides, before "
        "the rules that are built in.",
        "paid_mediums": "Regular expressions on utm_medium, in small letters, of visits that were paid "
        "for, beside those that are known.",
    },
    "ChannelSite": {
        "host": "The site's host name, such as news.example.com; its subdomains count too. "
        "shop.* is a host of this name in any country.",
        "kind": "What kind of site it is; other: none of these, so that visits from it are referrals.",
        "name": "The name that reports show.",
    },
    "ChannelRule": {
        "name": "The rule's own name.",
        "channel": "The channel of the touches that meet all conditions.",
        "source": "A regular expression on utm_source or the site's name, in small letters.",
        "medium": "A regular expression on utm_medium, in small letters.",
        "campaign": "A regular expression on utm_campaign, in small letters.",
        "site_kind": "The kind of site that the visitor came from.",
        "click_id": "A regular expression on the name of the click id, such as gclid.",
        "paid": "Whether the touch is known to be paid.",
    },
    "Experiments": {"experiments": "Experiments with a holdout by name."},
    "Experiment": {
        "description": "What the experiment is to show.",
        "channel": "The channel that is kept from the control arm, by its name in the tables.",
        "conversion": "The conversion that counts.",
        "assigned_by": "The event that says who is in which arm.",
        "treated": "What the arm is called that is reached.",
        "control": "What the arm is called that is not.",
        "treated_share": "The share of the people who were to be treated, between 0 and 1.",
        "window": "For how long from the assignment conversions count, such as 30 days.",
        "starts": "The first day on which people are assigned.",
        "ends": "The last day on which people are assigned.",
    },
    "Assignment": {
        "event": "An event of the plan.",
        "where": "Only events with these values of properties.",
        "arm": "The property that holds the name of the arm.",
    },
    "SourcesConfig": {
        "time_zone": "For local dates in reports, such as Europe/Berlin; all that is stored is UTC.",
        "currency": "The currency of every value in the tables.",
        "start_date": "The first day to read; the earliest that there is if not said.",
        "storage": "Where the lake and the published Parquet are, if not in the data directory.",
        "publish": "What the published tables hold.",
        "session": "What ends a session.",
        "identity": "Which ids are one person's.",
        "bots": "Rates that no person reaches: sessions with more are flagged.",
        "attribution": "How far back touches count.",
        "own_domains": "Your own hosts: visitors from there did not come from elsewhere.",
        "sources": "The logs.",
    },
    "StorageConfig": {
        "lake": "What ingest writes: a folder, or a URL such as s3://bucket/lake.",
        "marts": "The published tables as Parquet: a folder, or a URL such as s3://bucket/marts.",
    },
    "PublishConfig": {
        "since": "How far back rows about single persons are published, such as 400 days.",
        "user_id": "Whether user ids are published.",
    },
    "SessionConfig": {
        "inactivity_minutes": "A session ends after so many minutes without an event.",
        "max_hours": "A session ends after so many hours in any case.",
        "split_on_campaign": "Whether a visit from another campaign begins a new session.",
        "mode": "inactivity: sessions are found by the gaps between events; client: by the tracker's own "
        "session id, where an event has one.",
    },
    "BotsConfig": {
        "views_per_minute": "With more page views than these within a minute it is a bot.",
        "events_per_minute": "With more events than these within a minute it is a bot.",
        "views_per_session": "With more page views than these in a session it is a bot.",
    },
    "IdentityConfig": {
        "max_users_per_device": "A device with more user ids is shared: it is joined with none of them.",
        "max_devices_per_user": "A user id on more devices is a bot or a test account: it is joined with none.",
        "exclude": "Links that are not followed, each between two ids.",
    },
    "ExcludedLink": {
        "anonymous_id": "The device or cookie.",
        "user_id": "The known user.",
        "previous_id": "The id that an alias or identify call merged in.",
    },
    "AttributionConfig": {
        "lookback_days": "Touches of so many days before a conversion count; several side by side.",
        "half_life_days": "After so many days a touch counts half in the model with decay.",
    },
    "Source": {
        "name": "The source's name: small letters, digits and _.",
        "kind": "Who wrote the log: browsers (client), servers, apps (mobile), or ad_report for what "
        "ad platforms report.",
        "opens_sessions": "Whether its events open sessions; those of client and mobile do.",
        "path": "Where the files are, with {date} for the day: raw/client/{date}/*.jsonl*.",
        "format": "auto finds out by itself; mapping reads anybody's own log by `mapping`.",
        "mapping": "Which of the log's fields is which of ours: a path each, or a rule (docs/formats.md).",
        "drop": "Fields that are never stored, not even in quarantine, as dotted paths.",
        "hash": "Fields of which a pseudonym is stored, the same for the same value everywhere.",
        "truncate": "Fields of which so many first characters are stored, or `ip`: the network.",
        "drop_query": "URL parameters whose value is never stored.",
    },
}

KEYWORDS: dict[str, str] = {
    "type": "What kind of value it is; a list for several, as in [string, 'null'].",
    "required": "true: the event is never sent without it. Within an object, a list of names says "
    "the same.",
    "sensitivity": "personal: tells who somebody is. pseudonymous: tells one person from another. "
    "Both stay out of the published tables.",
    "description": "What the value means, with its unit.",
    "title": "A short name for people.",
    "examples": "Values as they are sent; none of real persons.",
    "default": "What is meant where it is not sent; a note for people.",
    "deprecated": "Whether it should not be sent any more; a note for people.",
    "enum": "The values that are allowed.",
    "const": "The one value that is allowed.",
    "pattern": "A regular expression that occurs in the text; ^…$ for the whole of it.",
    "format": "What the text is: a date, a uuid, an e-mail address and so on.",
    "minLength": "Fewest characters.",
    "maxLength": "Most characters.",
    "minimum": "The smallest number that is allowed.",
    "maximum": "The largest number that is allowed.",
    "exclusiveMinimum": "The number has to be larger than this.",
    "exclusiveMaximum": "The number has to be smaller than this.",
    "multipleOf": "The number has to be a multiple of this.",
    "items": "What each item of the list is.",
    "prefixItems": "What the first items of the list are, one by one.",
    "minItems": "Fewest items.",
    "maxItems": "Most items.",
    "uniqueItems": "true: no item is there twice.",
    "contains": "At least one item is like this.",
    "properties": "What the object holds, by name.",
    "additionalProperties": "false: nothing else; or what everything else is like.",
    "patternProperties": "What properties are like whose names match a regular expression.",
    "propertyNames": "What the names of properties are like.",
    "minProperties": "Fewest properties.",
    "maxProperties": "Most properties.",
    "dependentRequired": "Properties that have to be there where another one is.",
    "dependentSchemas": "Rules that hold where a property is there.",
    "allOf": "All of these rules hold.",
    "anyOf": "At least one of these holds.",
    "oneOf": "Exactly one of these holds.",
    "not": "This does not hold.",
    "if": "Where this holds, `then` does; where it does not, `else` does.",
    "then": "Holds where `if` does.",
    "else": "Holds where `if` does not.",
    "$ref": "A definition of the event's `rules: {$defs: …}`, as '#/$defs/name'.",
    "$defs": "Definitions to refer to, by name.",
}
