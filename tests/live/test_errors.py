"""Every exception redis-py has becomes one of ours; a new one makes this fail until somebody has thought about it."""

from __future__ import annotations

import inspect

import pytest
import redis.exceptions

from autoscaling_env.errors import BackendError
from live.errors import TRANSLATIONS, ServerFull, ServerRefused, ServerUnreachable, speaking_ours, translated

NOT_EXCEPTIONS = {"Enum", "ExceptionType"}


def exception_classes() -> dict[str, type[Exception]]:
    classes = inspect.getmembers(redis.exceptions, inspect.isclass)
    return {name: kind for name, kind in classes if name not in NOT_EXCEPTIONS and issubclass(kind, Exception)}


def test_no_class_of_redis_py_is_missing_and_none_is_invented() -> None:
    assert set(exception_classes()) == set(TRANSLATIONS)


@pytest.mark.parametrize("name", sorted(TRANSLATIONS))
def test_each_becomes_ours_in_one_line_with_a_remedy(name: str) -> None:
    kind, remedy = TRANSLATIONS[name]
    error = exception_classes()[name]
    ours = translated(error.__new__(error), "redis://somewhere")
    assert type(ours) is kind
    assert isinstance(ours, BackendError)
    assert str(ours).startswith("Redis at redis://somewhere: ")
    assert str(ours).endswith(remedy)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", ServerFull),
        ("WRONGPASS invalid username-password pair", ServerRefused),
        ("WRONGTYPE Operation against a key", ServerRefused),
    ],
)
def test_answers_without_a_class_of_their_own(answer: str, kind: type[BackendError]) -> None:
    assert type(translated(redis.exceptions.ResponseError(answer), "x")) is kind


def test_a_subclass_nobody_listed_is_treated_as_its_base() -> None:
    class Newer(redis.exceptions.BusyLoadingError):
        pass

    assert type(translated(Newer("soon"), "x")) is ServerUnreachable


def test_the_sockets_errors_too() -> None:
    with pytest.raises(ServerUnreachable, match="gone"), speaking_ours("x"):
        raise BrokenPipeError("gone")


def test_other_exceptions_pass() -> None:
    with pytest.raises(KeyError), speaking_ours("x"):
        raise KeyError("mine")
