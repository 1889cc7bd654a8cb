"""Two connections to the server: one for commands, one that blocks.

Commands are retried, which is safe because each is a script that can be run twice. A blocking pop is not
repeatable, so its client never retries, and waits for the answer longer than the server may block.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from autoscaling_env.errors import InputError
from autoscaling_env.secrets import without_passwords

if TYPE_CHECKING:
    from redis import Redis

RETRIES = 3
COMMAND_TIMEOUT_S = 5.0


def command_client(
    url: str, *, password_file: str = "", retries: int = RETRIES, timeout_s: float = COMMAND_TIMEOUT_S
) -> Redis:
    """Return a client for scripts: each attempt may take ``timeout_s``, with jittered pauses in between.

    Raises:
        InputError: the URL or the password file cannot be used.
    """
    connect_s = min(timeout_s, COMMAND_TIMEOUT_S)
    return _connect(url, password_file, retries, socket_timeout=timeout_s, socket_connect_timeout=connect_s)


def blocking_client(url: str, block_s: float, *, password_file: str = "") -> Redis:
    """Return a client for one blocking pop of up to ``block_s``: no retry, and patience for twice as long."""
    patience_s = 2 * block_s + COMMAND_TIMEOUT_S
    return _connect(url, password_file, 0, socket_timeout=patience_s, socket_connect_timeout=COMMAND_TIMEOUT_S)


def shown(url: str) -> str:
    """Return ``url`` without its password, fit to be printed; what is no address may hold one anywhere."""
    try:
        urlsplit(url)
    except ValueError:
        return "(not an address)"
    return without_passwords(url)


def _connect(url: str, password_file: str, retries: int, **options: Any) -> Redis:
    from redis import Redis
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.retry import Retry

    _check_database(url)
    if password_file:
        options["password"] = _password(password_file)
    try:
        retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries)
        return Redis.from_url(url, decode_responses=True, protocol=2, retry=retry, **options)
    except ValueError as error:
        raise InputError(f"Redis URL {shown(url)!r}: {error}; write redis://host:port/db or unix:///path") from None


def _check_database(url: str) -> None:
    """Refuse what is no number: it would be taken for database 0, which is somebody's."""
    if url.startswith(("redis://", "rediss://")):
        name = url.partition("://")[2].partition("?")[0].partition("/")[2]
        if name and not name.isdecimal():
            raise InputError(f"Redis URL {shown(url)!r}: database {name!r} is not a number; write redis://host:port/0")


def _password(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except OSError as error:
        raise InputError(f"{file}: the Redis password cannot be read: {error.strerror}") from None
