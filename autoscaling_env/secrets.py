"""What must not be in a file that is passed on: passwords inside of addresses."""

from __future__ import annotations

import re

_BEFORE_HOST = re.compile(r"(\b(?:rediss?|unix|https?)://[^\s:/@'\"]*:)[^\s'\"]*@")
_IN_QUERY = re.compile(r"([?&]password=)[^&\s'\"]*")


def without_passwords(text: str) -> str:
    """Return the text with ``***`` for every password that stands in an address (before the host or in the query)."""
    return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(r"\1***@", text))
