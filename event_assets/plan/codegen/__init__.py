"""Typed trackers from a plan: the functions that an application calls to send its events.

`types` reads JSON Schemas, `typescript` and `python` write them, `templates/` holds what is the
same for every plan. Imports the plan, the standard library and Jinja2.
"""

from event_assets.plan.codegen.trackers import TRACKERS, Tracker, tracker_code

__all__ = ["TRACKERS", "Tracker", "tracker_code"]
