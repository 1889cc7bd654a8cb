"""Where a step's columns stand in the compiled environment's arrays, by name; the compiler folds them to numbers."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from autoscaling_env.observation import FIELDS
from autoscaling_env.schema import FACTS, REALS

#: Of ``Episodes.facts``.
FACT: Any = namedtuple("FACT", FACTS)(*range(len(FACTS)))
#: Of ``Episodes.reals``.
REAL: Any = namedtuple("REAL", REALS)(*range(len(REALS)))
#: All that is known of a step in numbers: the facts, then the reals (``simulator.compiled.rewarding.value_of``).
VALUES: tuple[str, ...] = FACTS + REALS
#: Of ``Episodes.standard``.
SEEN: Any = namedtuple("SEEN", FIELDS)(*range(len(FIELDS)))
