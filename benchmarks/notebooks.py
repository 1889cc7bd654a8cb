"""The notebooks of ``docs/notebooks``, run from top to bottom at full length, with what came out kept in them.

    python -m benchmarks.notebooks

They run in the order of ``NAMES`` in one new folder: the second plays what the first trained. A cell that fails ends it
and leaves the files as they were.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NAMES = ("ten-minutes-to-your-own-agent", "from-simulation-to-a-cluster")
#: Longest that a cell may take, and a kernel to start, seconds.
TIMEOUT_S = 3600


def main() -> None:
    """Run them, and keep what came out."""
    with tempfile.TemporaryDirectory() as folder:
        done = {name: executed(read(name), Path(folder)) for name in NAMES}
    for name, notebook in done.items():
        with atomic_write(FOLDER / f"{name}.ipynb") as file:
            nbformat.write(notebook, file)


def read(name: str) -> NotebookNode:
    """Return a notebook of ``docs/notebooks``."""
    found: NotebookNode = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    return found


def with_parameters(notebook: NotebookNode, changes: Mapping[str, Any]) -> NotebookNode:
    """Return the notebook with other values in its cell of parameters; what is not among them is left out.

    Raises:
        InputError: it has not one such cell, or the cell is more than assignments of values.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        raise InputError(f"a notebook has one cell with the tag 'parameters', this one {len(cells)}")
    values = _values(cells[0].source)
    values |= {name: value for name, value in changes.items() if name in values}
    cells[0].source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return notebook


def _values(source: str) -> dict[str, Any]:
    found = {}
    for line in ast.parse(source).body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = ast.literal_eval(value)
            case _:
                raise InputError(f"parameters: NAME = VALUE, line by line, not {ast.unparse(line)!r}")
    return found


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return the notebook with the outputs of a new kernel that works in ``folder``.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; it says which, and with what.
    """
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        startup_timeout=TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
    )
    done: NotebookNode = client.execute()
    done.metadata.pop("widgets", None)
    done.metadata["language_info"] = {"name": "python"}
    return done


if __name__ == "__main__":
    main()
