"""Where things are, whichever room a test stands in."""

from __future__ import annotations

from pathlib import Path

#: The checkout.
ROOT = Path(__file__).parents[1]
#: Recordings and schemas of other systems.
DATA = ROOT / "tests" / "data"
