"""The plan as one HTML page: searchable, without network, server or any other file.

`page` gathers what is shown, `templates/` shows it. Volumes come in as plain data. Imports the
plan, the standard library and Jinja2.
"""

from event_assets.plan.docs.page import plan_page
from event_assets.plan.docs.volumes import EventVolume, SourceVolume

__all__ = ["EventVolume", "SourceVolume", "plan_page"]
