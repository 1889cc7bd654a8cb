"""Why a scaling request was or was not carried out; apart from arrays, so that naming a reason brings no NumPy."""

from __future__ import annotations

from enum import StrEnum


class ScaleReason(StrEnum):
    """Why a scaling request was or was not carried out as asked."""

    OK = "ok"
    AT_MINIMUM = "at_minimum"
    AT_MAXIMUM = "at_maximum"
    CLAMPED_BY_PLATFORM = "clamped_by_platform"
    REJECTED = "rejected"
