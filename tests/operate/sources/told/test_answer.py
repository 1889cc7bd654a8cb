"""What is told of a queue in JSON, right and wrong, and what the doctor says of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from autoscaling_env.errors import BackendError
from operate.reading import Fact, Reading
from operate.sources.told import reading_schema
from operate.sources.told.answer import ToldSection, answer_of, reading_of
from operate.sources.told.doctor import told_findings

BOTH = frozenset({Fact.BACKLOG, Fact.SERVICE})


def reading(told: Any, knows: frozenset[Fact] = BOTH) -> Reading:
    return reading_of("command queue", knows, answer_of("command queue", json.dumps(told).encode()))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (b"", "command queue: tells nothing"),
        (b"3 waiting\n", "command queue: tells no JSON: '3 waiting'"),
        (b"[3]", 'command queue: tells [3], not an object such as {"backlog": 3}'),
        (b'{"backlogs": 3}', "command queue: tells 'backlogs', which is none of the facts (did you mean 'backlog'?)"),
        (b'{"backlog": "3"}', 'command queue: tells backlog "3": it should be a valid number'),
        (b'{"backlog": true}', "command queue: tells backlog true: it should be a valid number"),
        (b'{"backlog": -1}', "command queue: tells backlog -1: it should be greater than or equal to 0"),
        (b'{"backlog": NaN}', "command queue: tells backlog NaN: it should be a finite number"),
        (b'{"remarks": "slow"}', 'command queue: tells remarks "slow": it should be a valid list'),
        (b"[" * 100_000, f"command queue: tells no JSON: '{'[' * 60}'"),
        (b"\xff\xfe", "command queue: tells no JSON"),
    ],
)
def test_what_cannot_be_read_is_one_line(told: bytes, said: str) -> None:
    with pytest.raises(BackendError) as caught:
        answer_of("command queue", told)
    assert str(caught.value).startswith(said)
    assert len(str(caught.value).splitlines()) == 1


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(BackendError, match=r"tells backlog -1: .*; 'depth', which is none of the facts"):
        answer_of("command queue", b'{"backlog": -1, "depth": 3}')


def test_null_and_left_out_are_not_known_now() -> None:
    for told in ({"backlog": 3, "service_s": None}, {"backlog": 3}):
        assert reading(told) == Reading(backlog=3.0, remarks=("not told now: service_s",))


def test_what_is_not_named_is_not_used_and_said() -> None:
    found = reading({"backlog": 3, "service_s": 1, "oldest_s": 9, "age_s": 2, "remarks": ["slow\ndisk"]})
    assert (found.oldest_s, found.age_s) == (None, 2.0)
    assert found.remarks == ("slow disk", "told and not used, as source.knows does not name it: oldest_s")


def test_nothing_to_go_by_is_an_error() -> None:
    with pytest.raises(BackendError, match="tells none of what is known of the tasks that come: backlog"):
        reading({"backlog": None, "service_s": 1.0})


def test_the_schema_says_the_same() -> None:
    schema = reading_schema()
    assert set(schema["properties"]) == {fact.value for fact in Fact} | {"age_s", "remarks"}
    jsonschema.validate({"backlog": 3, "in_flight": None, "remarks": []}, schema)
    for wrong in ({"backlogs": 3}, {"backlog": "3"}, {"backlog": -1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def found(told: Any, *knows: Fact) -> dict[str, tuple[bool, str]]:
    findings = told_findings(ToldSection(knows=knows), lambda: answer_of("it", json.dumps(told).encode()))
    return {each.what: (each.ok, each.remedy) for each in findings}


def test_the_doctor_names_the_exact_change() -> None:
    assert found({"backlog": 3}, Fact.BACKLOG) == {"an answer": (True, "")}
    assert found({"backlog": 3, "in_flight": 1}, Fact.BACKLOG)["what is not used"] == (
        False, "source.knows: [backlog, in_flight]",
    )  # fmt: skip
    assert found({"backlog": 3}, Fact.BACKLOG, Fact.IN_FLIGHT)["what is not told"] == (
        False, "tell it, or take it out of source.knows",
    )  # fmt: skip
    assert found({"backlog": 3}, Fact.BACKLOG, Fact.SERVICE)["what is not told"][0]
    assert not found({"backlog": 3, "service_s": 1.8e9}, Fact.BACKLOG, Fact.SERVICE)["the unit"][0]
    assert "schema --reading" in found({"depth": 3}, Fact.BACKLOG)["an answer"][1]
    assert not found({}, Fact.BACKLOG)["an answer"][0]
