"""What is kept of compilations fits the sources, and the first use says what it is doing."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import simulator.compiled
from simulator.compiled import kernel, pcg64, playing
from simulator.compiled.compiling import SOURCES, compiled, fingerprint
from tests.waiting import PATIENCE_S

HERE = Path(simulator.compiled.__path__[0])


@compiled
def twice(value: float) -> float:
    """Return twice the value."""
    return 2 * value


PYTHON = {"__init__.py", "backend.py", "episodes.py", "first_use.py", "single.py"}


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.py")))
def test_a_change_where_compiled_code_comes_from_is_another_fingerprint(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "simulator"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert fingerprint(copy) == SOURCES
    with (copy / name).open("a") as file:
        file.write("# changed\n")
    assert (fingerprint(copy) != SOURCES) == (name not in PYTHON)


@pytest.mark.parametrize("function", [kernel.advance, kernel.play, playing.step_all, pcg64.fill_gamma])
def test_code_is_kept_under_the_fingerprint(function: object) -> None:
    assert SOURCES in function._cache._impl.filename_base  # type: ignore[attr-defined]  # numba's name of the file


SCRIPT = """
import logging, sys, time, types
from pathlib import Path
from simulator.compiled import first_use

logging.basicConfig()
place, function = Path(sys.argv[1]), compile("def f(): pass", str(first_use.HERE / "kernel.py"), "exec")
index = place / f"kernel.f_sources-1.{first_use._VERSION}.nbi"

def compile_it(signature):
    print("loads" if index.exists() else "compiles", flush=True)
    time.sleep(0.3)
    index.touch()

named = types.SimpleNamespace(__qualname__="f_sources", __code__=function)
stats = types.SimpleNamespace(cache_path=str(place))
dispatcher = types.SimpleNamespace(py_func=named, stats=stats, compile=compile_it)
first_use.alone(dispatcher, "sources")
dispatcher.compile(())
"""


def test_of_many_processes_one_compiles_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    told = [process.communicate(timeout=PATIENCE_S) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(out.strip() for out, _ in told) == ["compiles", "loads", "loads"]
    assert sum("compiling the simulator's kernel" in said for _, said in told) == 1


def test_what_is_kept_is_loaded_without_waiting_or_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert twice(np.float64(2)) == 4
    with caplog.at_level(logging.WARNING):
        again = compiled(twice.py_func)  # type: ignore[attr-defined]  # as another process would find it
        assert again(np.float64(2)) == 4
    assert not caplog.text
