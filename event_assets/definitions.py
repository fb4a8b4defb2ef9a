"""The code location that `workspace.yaml` names: `defs`, for the environment's settings."""

from event_assets.code_location import build_definitions
from event_assets.errors import ConfigurationError
from event_assets.settings import Settings

try:
    defs = build_definitions(Settings.from_environment())
except ConfigurationError as error:
    # the line that it says is all there is to know; where the code noticed it is not
    raise error.with_traceback(None) from None
