"""What must not be in a file that is passed on: passwords inside of addresses."""

from __future__ import annotations

import re

# Whatever the scheme, and up to the last @: a mistyped address holds a password as well, and rather too much is hidden.
_BEFORE_HOST = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)\S*@", re.IGNORECASE)
_IN_QUERY = re.compile(r"([?&]password=)[^&\s]*")


def without_passwords(text: str) -> str:
    """Return the text with ``***`` for every password that stands in an address (before the host or in the query)."""
    return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(r"\1***@", text))
