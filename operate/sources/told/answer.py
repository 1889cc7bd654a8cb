"""What a command or an address tells of a queue: JSON of a reading, nothing in it is guessed."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError, nearest
from operate.reading import Fact, Reading
from operate.sources.promptly import Promptly

#: What has to be configured for each fact.
KNOWN = {fact: f"with knows: [..., {fact.value}]" for fact in Fact}
#: An answer longer than this is no answer, bytes.
MOST_BYTES = 1 << 20

Amount = Annotated[float, Field(ge=0, le=1e15)]
Facts = Annotated[tuple[Annotated[Fact, Field(strict=False)], ...], Field(strict=False, min_length=1)]


class Answer(Section):
    """A queue at one instant. What is null or left out is not known now."""

    backlog: Amount | None = None
    """Tasks that wait for a worker."""
    in_flight: Amount | None = None
    """Tasks that workers hold."""
    arrived_total: Amount | None = None
    """Tasks that ever came; its zero means nothing, and a fall is a reset."""
    completed_total: Amount | None = None
    """Tasks that were ever finished, likewise."""
    service_s: Amount | None = None
    """Mean seconds of work of the tasks finished lately."""
    oldest_s: Amount | None = None
    """Seconds that the oldest waiting task has waited; 0 where none waits."""
    age_s: Amount = 0.0
    """Seconds ago that all this was true."""
    remarks: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=20)] = Field(default_factory=list)
    """What whoever reads the journal should know of this, a sentence each."""


class ToldSection(Section):
    """What every queue has in its configuration that is told in JSON."""

    knows: Facts
    """Facts that the answers have, such as [backlog, in_flight]; at least backlog or arrived_total."""
    timeout: Annotated[float, Field(ge=0.1, le=10)] = 3.0
    """Seconds until an answer is given up."""

    @field_validator("knows")
    @classmethod
    def _enough(cls, knows: tuple[Fact, ...]) -> tuple[Fact, ...]:
        if not {Fact.BACKLOG, Fact.ARRIVED} & set(knows):
            raise ValueError("needs backlog or arrived_total")
        return knows


class Told(ABC):
    """A source that is told its whole reading.

    Args:
        where: who tells it, without passwords.
        knows: facts that are told.
        promptly: gives up what takes too long.
    """

    def __init__(self, where: str, knows: Sequence[Fact], promptly: Promptly) -> None:
        self._where, self._promptly = where, promptly
        self.knows = frozenset(knows)

    @property
    def described(self) -> str:
        """Who tells it, without passwords."""
        return self._where

    def read(self) -> Reading:
        """Return what is told now."""
        return reading_of(self._where, self.knows, self.answer())

    def answer(self) -> Answer:
        """Return what is told, as it is told.

        Raises:
            BackendError: nothing is told that can be read, or not in time.
        """
        return self._promptly(self._ask)

    @abstractmethod
    def close(self) -> None:
        """Release everything."""

    @abstractmethod
    def _ask(self) -> Answer: ...


def reading_schema() -> dict[str, Any]:
    """Return the JSON Schema of an answer."""
    return Answer.model_json_schema()


def answer_of(where: str, told: bytes) -> Answer:
    """Return what stands in an answer.

    Args:
        where: who gave it, without passwords.
        told: JSON.

    Raises:
        BackendError: it is no JSON of a reading; the message is one line, with every problem in it.
    """
    try:
        value = json.loads(told)
    except (ValueError, RecursionError):
        shown = " ".join(told[:60].decode(errors="replace").split())
        raise BackendError(f"{where}: tells no JSON: {shown!r}" if shown else f"{where}: tells nothing") from None
    if not isinstance(value, dict):
        raise BackendError(f'{where}: tells {_kind(value)}, not an object such as {{"backlog": 3}}')
    try:
        return Answer.model_validate(value)
    except ValidationError as error:
        raise BackendError(f"{where}: tells {'; '.join(map(_problem, error.errors()))}") from None


def reading_of(where: str, knows: frozenset[Fact], answer: Answer) -> Reading:
    """Return the reading, with what is known and nothing else.

    Raises:
        BackendError: it tells neither backlog nor arrivals, so that there is nothing to go by.
    """
    told = {fact: getattr(answer, fact.value) for fact in Fact}
    remarks = list(answer.remarks)
    if missing := [fact.value for fact in Fact if fact in knows and told[fact] is None]:
        remarks.append(f"not told now: {', '.join(missing)}")
    if more := [fact.value for fact in Fact if fact not in knows and told[fact] is not None]:
        remarks.append(f"told and not used, as source.knows does not name it: {', '.join(more)}")
    values = {fact.value: value for fact, value in told.items() if fact in knows}
    if values.get(Fact.BACKLOG) is None and values.get(Fact.ARRIVED) is None:
        raise BackendError(f"{where}: tells none of what is known of the tasks that come: {', '.join(missing)}")
    return Reading(**values, age_s=answer.age_s, remarks=tuple(" ".join(each.split()) for each in remarks))


def _problem(problem: Any) -> str:
    """Return one thing that is wrong, in a few words."""
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"{name!r}, which is none of the facts{nearest(name, Answer.model_fields)}"
    said = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{name} {_kind(problem['input'])}: it {said}"


def _kind(value: Any) -> str:
    """Return a value as JSON, not too long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
