"""Passwords that stand in a file of their own."""

from __future__ import annotations

from pathlib import Path

from autoscaling_env.errors import InputError


def password_in(file: str) -> str:
    """Return the password that stands in a file, without the white space around it.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return Path(file).read_text("utf-8").strip()
    except OSError as error:
        raise InputError(f"{file}: the password cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: the password is not UTF-8") from None
