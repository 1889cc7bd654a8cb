"""What can go wrong with the server, in our words: the one place where redis-py's exceptions are translated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autoscaling_env.errors import BackendError


class ServerUnreachable(BackendError):  # noqa: N818 - reads as what happened, like its siblings
    """No answer for now: connection refused, reset or timed out, still loading, failing over. Worth a retry."""


class ServerRefused(BackendError):  # noqa: N818
    """The server answered, and will not do it: password, permission, a key of another program, its set-up."""


class ServerFull(BackendError):  # noqa: N818
    """The server is at ``maxmemory``: nothing can be added until tasks have been worked off."""


class FarmLost(BackendError):  # noqa: N818
    """The running episode is no longer on the server: it was emptied, or another controller took the farm."""


#: redis-py exception -> (ours, what to do). A class not listed here falls to its nearest listed base; a test
#: fails when redis-py adds a class that nobody has thought about.
TRANSLATIONS: dict[str, tuple[type[BackendError], str]] = {
    "ConnectionError": (ServerUnreachable, "is it running, and is the address right?"),
    "TimeoutError": (ServerUnreachable, "it is stalled or the network is slow"),
    "BusyLoadingError": (ServerUnreachable, "it is reading its data back; wait"),
    "ReadOnlyError": (ServerUnreachable, "it is a replica now; connect to the primary"),
    "MasterDownError": (ServerUnreachable, "its primary is down"),
    "ClusterDownError": (ServerUnreachable, "the cluster is down"),
    "TryAgainError": (ServerUnreachable, "the cluster is moving slots; wait"),
    "MaxConnectionsError": (ServerUnreachable, "raise the server's `maxclients`"),
    "ChildDeadlockedError": (ServerUnreachable, "a client was carried over a fork; this is a defect, report it"),
    "AuthenticationError": (ServerRefused, "wrong user or password in the Redis URL"),
    "AuthenticationWrongNumberOfArgsError": (ServerRefused, "the server wants another form of AUTH"),
    "AuthorizationError": (ServerRefused, "the user may not do this"),
    "NoPermissionError": (ServerRefused, "the user needs +@all on {farm}:* (ACL)"),
    "OutOfMemoryError": (ServerFull, "raise `maxmemory`; the policy must stay `noeviction`"),
    "NoScriptError": (ServerRefused, "scripts are switched off or were flushed twice"),
    "ExecAbortError": (ServerRefused, "a transaction was refused"),
    "ModuleError": (ServerRefused, "a module refused"),
    "NoSuchFieldsetError": (ServerRefused, "a module refused"),
    "AskError": (ServerRefused, "name a single node of the cluster: the farm lives in one slot"),
    "MovedError": (ServerRefused, "name the node that holds the farm's slot: the farm lives in one slot"),
    "ClusterError": (ServerRefused, "the cluster refused"),
    "ClusterCrossSlotError": (ServerRefused, "keys in several slots; this is a defect, report it"),
    "CrossSlotTransactionError": (ServerRefused, "keys in several slots; this is a defect, report it"),
    "SlotNotCoveredError": (ServerUnreachable, "the cluster has lost slots"),
    "RedisClusterException": (ServerRefused, "the cluster refused"),
    "InvalidResponse": (ServerRefused, "that address does not speak the Redis protocol"),
    "InvalidPipelineStack": (ServerRefused, "this is a defect, report it"),
    "ResponseError": (ServerRefused, "is the key another program's? choose another `live.farm`"),
    "DataError": (ServerRefused, "this is a defect, report it"),
    "PubSubError": (ServerRefused, "this is a defect, report it"),
    "WatchError": (ServerRefused, "this is a defect, report it"),
    "LockError": (ServerRefused, "this is a defect, report it"),
    "LockNotOwnedError": (ServerRefused, "this is a defect, report it"),
    "ExternalAuthProviderError": (ServerRefused, "the credential provider failed"),
    "IncorrectPolicyType": (ServerRefused, "this is a defect, report it"),
    "RedisError": (ServerRefused, "the server refused"),
}

#: Answers that redis-py gives no class of their own, by how they begin.
_ANSWERS = {"OOM": "OutOfMemoryError", "NOAUTH": "AuthenticationError", "WRONGPASS": "AuthenticationError"}


def translated(error: Exception, where: str) -> BackendError:
    """Return our error for one of redis-py's (or the socket's), with ``where`` (the address) and the remedy."""
    kind, remedy = TRANSLATIONS[_name(error)]
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return kind(f"Redis at {where}: {reason}: {remedy}")


def _name(error: Exception) -> str:
    words = str(error).replace(":", " ").split()
    if words and words[0] in _ANSWERS:
        return _ANSWERS[words[0]]
    for base in type(error).__mro__:
        if base.__name__ in TRANSLATIONS:
            return base.__name__
    return "ConnectionError"


@contextmanager
def speaking_ours(where: str) -> Iterator[None]:
    """Turn every exception of redis-py, and of the socket under it, into ours."""
    from redis.exceptions import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        raise translated(error, where) from error
