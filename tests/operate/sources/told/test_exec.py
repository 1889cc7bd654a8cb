"""A queue that a real command tells of."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from autoscaling_env.errors import BackendError
from operate.reading import Fact
from operate.sources.told.command import KIND, Exec, ExecSettings
from operate.testing.source import SourceContract
from tests.operate.sources.benches import SECRET
from tests.operate.sources.told.queue_file import FileQueue
from tests.waiting import until

pytestmark = pytest.mark.live

PROGRAM = Path(__file__).with_name("queue_file.py")
EVERY = tuple(fact.value for fact in Fact)


def made(**values: Any) -> ExecSettings:
    return ExecSettings(**values)


class FileBench(FileQueue):
    """The queue, and the command in front of it."""

    secrets = (SECRET,)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "queue.db")
        command = [sys.executable, "-E", "-S", str(PROGRAM), str(self.file), SECRET]
        self.source = KIND.open(made(knows=EVERY, command=command, environment={"QUEUE_PASSWORD": SECRET}, timeout=1.5))

    def cut(self) -> None:
        self.file.rename(f"{self.file}.away")

    def mend(self) -> None:
        Path(f"{self.file}.away").rename(self.file)

    def stall(self) -> None:
        Path(f"{self.file}.stalled").touch()

    def resume(self) -> None:
        Path(f"{self.file}.stalled").unlink()

    def contents(self) -> Any:
        return self.dump()


class TestContract(SourceContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[FileBench]:
        bench = FileBench(tmp_path)
        yield bench
        bench.source.close()


def shell(line: str, **values: Any) -> Exec:
    return Exec(made(**({"knows": ["backlog"], "command": ["sh", "-c", line]} | values)))


def refused(line: str, **values: Any) -> str:
    with closing(shell(line, **values)) as source, pytest.raises(BackendError) as caught:
        source.read()
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_failure_is_one_line_with_the_last_of_what_it_said() -> None:
    assert refused("echo trying >&2; echo 'no such queue: jobs' >&2; echo >&2; exit 3") == (
        "command sh: exit code 3: no such queue: jobs"
    )
    assert refused("exit 1") == "command sh: exit code 1: it said nothing"
    assert refused("kill -9 $$") == "command sh: ended by SIGKILL: it said nothing"


def test_passwords_are_not_shown() -> None:
    said = refused(f"echo $TOKEN http://me:{SECRET}@host >&2; exit 1", environment={"TOKEN": "opensesame"})
    assert SECRET not in said
    assert said.startswith("command sh: exit code 1: ***")
    hidden = Exec(made(knows=["backlog"], command=["/usr/bin/psql", f"postgres://me:{SECRET}@host/db"]))
    assert hidden.described == "command psql"


def test_what_is_late_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    line = f"sleep 60 & echo $! > {tmp_path / 'pid'}; wait"
    assert "no answer within 0.3 s: it was killed" in refused(line, timeout=0.3)
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_what_is_left_running_holds_nobody_up_and_is_killed(tmp_path: Path) -> None:
    with closing(shell(f"sleep 60 & echo $! > {tmp_path / 'pid'}; echo '{{\"backlog\": 3}}'")) as source:
        began = time.monotonic()
        assert source.read().backlog == 3
        assert time.monotonic() - began < 1.0
    assert is_gone(int((tmp_path / "pid").read_text()))


def is_gone(pid: int) -> bool:
    def gone() -> bool:
        try:
            os.kill(pid, 0)
            return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return True

    return until(gone, f"process {pid} is there")


def test_an_endless_answer_is_cut_off() -> None:
    began = time.monotonic()
    assert "printed more than 1 MiB and was killed" in refused("yes")
    assert "no answer within" in refused("yes >&2", timeout=0.3)
    assert time.monotonic() - began < 3.0


def test_a_program_that_is_not_there_or_may_not_be_run_is_one_line(tmp_path: Path) -> None:
    for command, said in ([["/nowhere/queue"], "no such program"], [[str(tmp_path)], "Permission denied"]):
        source = Exec(made(knows=["backlog"], command=command))
        with closing(source), pytest.raises(BackendError, match=str(said)):
            source.read()


def test_it_is_given_its_environment_and_no_input() -> None:
    line = 'cat; test -z "$(cat)" && echo "{\\"backlog\\": $DEPTH}"'
    with closing(shell(line, environment={"DEPTH": "7"})) as source:
        assert source.read().backlog == 7


@pytest.mark.parametrize(
    "values",
    [
        {"knows": []}, {"knows": ["in_flight"]}, {"knows": ["backlogs"]}, {"command": []}, {"command": [""]},
        {"timeout": 0}, {"timeout": 60}, {"environment": {"A": 1}},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExecSettings(**({"knows": ["backlog"], "command": ["true"]} | values))
