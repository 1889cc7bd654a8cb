"""Which queues of RQ, and under which names RQ keeps them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from operate.sources.redis.server import RedisSection

#: The id of an execution behind that of its job; an id of somebody's own may have colons, too.
_EXECUTION = re.compile(rb":[0-9a-f]{32}$")
Name = Annotated[str, Field(min_length=1, max_length=500)]


class RqSettings(RedisSection):
    """Queues of RQ that the same workers serve."""

    kind: Literal["rq"] = "rq"
    """Queues of RQ (Redis Queue)."""
    queues: Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=50)]
    """Names of the queues as `rq worker` is given them; what they hold is added up."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:{}-]+$")] = "rq"
    """What all keys begin with: RQ_KEY_PREFIX of producers and workers."""

    @model_validator(mode="after")
    def _each_once(self) -> RqSettings:
        twice = sorted({name for name in self.queues if self.queues.count(name) > 1})
        if twice:
            raise ValueError(f"queues has {twice[0]!r} twice: its jobs would be counted twice")
        return self


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of RQ, which are the same in its versions 1.16 to 3.0."""

    prefix: str = "rq"

    @property
    def queues(self) -> str:
        """Set of the keys of all queues that ever had a job."""
        return f"{self.prefix}:queues"

    @property
    def suspended(self) -> str:
        """Is there while workers take no jobs (`rq suspend`)."""
        return f"{self.prefix}:suspended"

    def queue(self, name: str) -> str:
        """List of the ids of jobs that wait."""
        return f"{self.prefix}:queue:{name}"

    def intermediate(self, name: str) -> str:
        """List of the ids of jobs that a worker has taken and not begun; only workers of one queue use it."""
        return f"{self.prefix}:queue:{name}:intermediate"

    def started(self, name: str) -> str:
        """Sorted set of jobs in hands, by when their worker is given up: ids, since RQ 2 with that of the execution."""
        return f"{self.prefix}:wip:{name}"

    def registry(self, kind: str, name: str) -> str:
        """Sorted set of ``finished`` or ``failed`` jobs by when they are forgotten, ``scheduled`` by when they come."""
        return f"{self.prefix}:{kind}:{name}"

    def workers(self, name: str) -> str:
        """Set of the keys of the workers that serve a queue."""
        return f"{self.prefix}:workers:{name}"

    def job(self, job: str) -> str:
        """Hash of a job."""
        return f"{self.prefix}:job:{job}"


def job_of(member: bytes) -> bytes:
    """Return the id of the job of an entry among the started ones, which ends with its execution's since RQ 2."""
    return _EXECUTION.sub(b"", member)


def at_most_text(told: bytes | None) -> str:
    """Return what stands in a field as text; "" where there is none."""
    return "" if told is None else told.decode(errors="replace")
