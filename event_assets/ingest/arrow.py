"""pyarrow's functions without types: its stubs leave most of them unknown or wrong.

Its classes, for annotations, are imported from pyarrow itself.
"""

from __future__ import annotations

from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

arrow: Any = pyarrow
compute: Any = pyarrow.compute
parquet: Any = pyarrow.parquet
