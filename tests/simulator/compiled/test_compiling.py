"""What is kept of compilations fits the sources, and the first use says what it is doing."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

import simulator.compiled
from simulator.compiled import environment as kernel_env
from simulator.compiled import first_use, kernel, pcg64
from simulator.compiled.compiling import SOURCES, compiled, fingerprint
from simulator.compiled.first_use import announce

HERE = Path(simulator.compiled.__path__[0])


@compiled
def twice(value: float) -> float:
    """Return twice the value."""
    return 2 * value


PYTHON = {"__init__.py", "backend.py", "episodes.py", "first_use.py"}


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.py")))
def test_a_change_where_compiled_code_comes_from_is_another_fingerprint(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "simulator"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert fingerprint(copy) == SOURCES
    with (copy / name).open("a") as file:
        file.write("# changed\n")
    assert (fingerprint(copy) != SOURCES) == (name not in PYTHON)


@pytest.mark.parametrize("function", [kernel.advance, kernel.play, kernel_env.step_all, pcg64.fill_gamma])
def test_code_is_kept_under_the_fingerprint(function: object) -> None:
    assert SOURCES in function._cache._impl.filename_base  # type: ignore[attr-defined]  # numba's name of the file


def test_only_the_first_use_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    kept = list(Path(twice.stats.cache_path).glob(f"test_compiling.twice_{SOURCES}-*"))  # type: ignore[attr-defined]
    for path in kept:
        path.unlink()
    first_use._say.cache_clear()
    with caplog.at_level(logging.WARNING):
        announce(twice)
        announce(twice)
        assert caplog.text.count("compiling") == 1
        caplog.clear()
        assert twice(np.float64(2)) == 4
        first_use._say.cache_clear()
        announce(twice)
        assert not caplog.text
        announce(compiled(twice.py_func))  # type: ignore[attr-defined]  # as another process would find it
        assert not caplog.text
