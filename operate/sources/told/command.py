"""A queue that a command tells of."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Field

from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from autoscaling_env.secrets import without_passwords
from operate.kinds import SourceKind
from operate.sources.promptly import Promptly
from operate.sources.told.answer import KNOWN, MOST_BYTES, Answer, Told, ToldSection, answer_of
from operate.sources.told.doctor import told_findings
from operate.sources.told.process import Command

#: Seconds beside the timeout, in which a command that is late is killed.
KILL_S = 0.5
#: A value of the environment that is longer is not shown.
SHORT = 3


class ExecSettings(ToldSection):
    """A queue that a command tells of, in JSON on its standard output."""

    kind: Literal["exec"] = "exec"
    """A command that prints JSON."""
    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)]
    """The program and its arguments, a word each; no shell reads them (`[sh, -c, "..."]` is one)."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables beside those of the controller."""


class Exec(Told):
    """Runs one command for each reading."""

    def __init__(self, settings: ExecSettings) -> None:
        self._settings = settings
        self._command = Command(settings.command, settings.environment, MOST_BYTES)
        # Arguments may be passwords: what is shown is the program, and a script that it runs.
        shown = [word for word in settings.command[:2] if "@" not in word and not word.startswith("-")]
        where = f"command {' '.join(PurePath(word).name for word in shown if '=' not in word)}".strip()
        super().__init__(where, settings.knows, Promptly(where, self._command.kill, settings.timeout + KILL_S))

    def close(self) -> None:
        """Kill what still runs."""
        self._command.kill()

    # -- inside

    def _ask(self) -> Answer:
        within_s = self._settings.timeout
        try:
            ended = self._command.run(within_s)
        except FileNotFoundError:
            raise BackendError(f"{self._where}: there is no such program: is source.command right?") from None
        except OSError as error:
            raise BackendError(f"{self._where}: it cannot be started: {error.strerror}") from None
        if len(ended.out) > MOST_BYTES:
            raise BackendError(f"{self._where}: it printed more than {MOST_BYTES >> 20} MiB and was killed")
        if ended.status is None:
            raise BackendError(f"{self._where}: no answer within {within_s:g} s: it was killed (source.timeout)")
        if ended.status:
            raise BackendError(f"{self._where}: {_how(ended.status)}: {self._masked(ended.last) or 'it said nothing'}")
        return answer_of(self._where, ended.out)

    def _masked(self, line: str) -> str:
        """Return a line of the command's, not too long, without values of its environment and other passwords."""
        for value in self._settings.environment.values():
            line = line.replace(value, "***") if len(value) > SHORT else line
        return without_passwords(line)[:300]


def _how(status: int) -> str:
    if status > 0:
        return f"exit code {status}"
    try:
        return f"ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"ended by signal {-status}"


def examine(settings: Any) -> Sequence[Finding]:
    """Run the command once."""
    return told_findings(settings, Exec(settings).answer)


KIND = SourceKind(
    name="exec",
    summary="a command that prints JSON",
    settings=ExecSettings,
    open=Exec,
    knows=KNOWN,
    examine=examine,
)
