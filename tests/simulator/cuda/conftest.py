"""There is a GPU here, or there is none: what these tests play on is numba's simulator of one, which is Python."""

from __future__ import annotations

import os

import numba

# Before anybody imports numba.cuda: nothing does that unasked.
os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
numba.config.ENABLE_CUDASIM = 1  # type: ignore[attr-defined]
