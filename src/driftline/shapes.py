"""Names for the arrays that cross module borders, checked in the tests.

Knows no values: only dtypes and dimensions. B is a batch, L a window, T the
steps of one trajectory, S the steps of many, E the episodes of many.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Observations = npt.NDArray[np.generic]
"""``[T + 1, ...]``: one more than there are actions."""
Actions = npt.NDArray[np.generic]
"""``[T, ...]``."""
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
