"""What is wrong with a trace: one line each with file, line, column, value and what is allowed; all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import NoReturn

from autoscaling_env.errors import TraceError

#: Problems shown before the rest is only counted.
SHOWN = 20


@dataclass
class Problems:
    """Collects the problems of one file; ``check`` raises them."""

    file: str
    found: list[tuple[int, str]] = field(default_factory=list)
    count: int = 0

    def add(self, line: int | None, message: str) -> None:
        """Note one problem at ``line`` (from 1), or of the file as a whole."""
        self.count += 1
        if len(self.found) < SHOWN:
            self.found.append((line or 0, f"{self.file}:{line}: {message}" if line else f"{self.file}: {message}"))

    def bad_value(self, line: int, column: str, value: object, allowed: str) -> None:
        """Note a value that is not what its column allows."""
        shown = repr(value.item() if hasattr(value, "item") else value)
        self.add(line, f"{column}: {shown if len(shown) <= 60 else shown[:57] + '...'}: must be {allowed}")

    def fail(self, line: int | None, message: str) -> NoReturn:
        """Note a problem after which reading on makes no sense, and raise all."""
        self.add(line, message)
        self.check()
        raise AssertionError("unreachable: check raises when there is a problem")

    @property
    def too_many(self) -> bool:
        """Whether reading on would only add to the count."""
        return self.count > SHOWN

    def check(self) -> None:
        """Raise ``TraceError`` with all problems, in the order of the lines, if anything was found."""
        if self.count:
            more = [f"{self.file}: more problems like these follow"] if self.too_many else []
            raise TraceError(*(text for _, text in sorted(self.found, key=itemgetter(0))), *more)
