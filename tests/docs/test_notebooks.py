"""The notebooks run from top to bottom, shortened; what they show is of one whole run and of no particular machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from autoscaling_env.errors import InputError
from benchmarks.notebooks import FOLDER, NAMES, executed, read, with_parameters

#: What may be set to be done sooner, in either of them.
SHORT = {"STEPS": 2048, "TIME_SCALE": 0.05, "MAX_STEPS": 6}
MAX_BYTES = 200_000
#: A machine that has other work says so.
LATE = re.compile(r"step ended .* late .*")
#: Of a machine, or of one moment: a folder from the root, a run's time, an address in memory.
NOT_OURS = re.compile(r"""(?<![\w.:/])/(?:home|root|tmp|work|Users|usr|var|opt)/|_run_\d{8}T|\bat 0x[0-9a-f]{6}""")


@pytest.mark.docs
@pytest.mark.slow
@pytest.mark.live
@pytest.mark.timeout(1200)
def test_they_run_one_after_the_other(tmp_path: Path) -> None:
    for name in NAMES:
        done = executed(with_parameters(read(name), SHORT), tmp_path)
        assert _numbers(done) == _in_order(done)
    assert (tmp_path / "ppo.safetensors").is_file()


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _numbers(notebook: NotebookNode) -> list[int | None]:
    return [cell.execution_count for cell in code(notebook)]


def _in_order(notebook: NotebookNode) -> list[int]:
    return list(range(1, len(code(notebook)) + 1))


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_shows_is_of_one_whole_run(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert _numbers(notebook) == _in_order(notebook), "run it: python -m benchmarks.notebooks"
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    said = "".join(output.text for output in outputs if output.get("name") == "stderr")
    assert all(LATE.fullmatch(line) for line in said.split("\n") if line), said
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 1
    assert kinds.count("text/html") >= 2  # tables


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_of_no_particular_machine(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text("utf-8")
    assert len(text.encode()) < MAX_BYTES
    told = json.dumps([cell.get("outputs", []) for cell in json.loads(text)["cells"]])
    assert not NOT_OURS.search(re.sub(r'"image/png": "[^"]*"', "", told))


@pytest.mark.parametrize("name", NAMES)
def test_its_links_lead_somewhere(name: str) -> None:
    text = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if not target.startswith("http")]
    assert targets
    for target in targets:
        assert (FOLDER / target).exists(), target


def notebook_of(*cells: Any) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_notebook(cells=list(cells))
    return made


def parameters(source: str) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    return made


def test_a_cell_that_fails_is_an_error(tmp_path: Path) -> None:
    broken = with_parameters(notebook_of(parameters("N = 2"), nbformat.v4.new_code_cell("1 / (N - 1)")), {"N": 1})
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed(broken, tmp_path)


def test_parameters_are_values_by_name() -> None:
    changed = with_parameters(notebook_of(parameters('N = 2  # how many\nWHO = "us"')), {"N": 3, "OTHER": 4})
    assert changed.cells[0].source == "N = 3\nWHO = 'us'"
    with pytest.raises(InputError, match=r"^parameters: NAME = VALUE, line by line, not 'print\(N\)'$"):
        with_parameters(notebook_of(parameters("N = 2\nprint(N)")), {})
    with pytest.raises(InputError, match=r"^a notebook has one cell with the tag 'parameters', this one 0$"):
        with_parameters(notebook_of(), {})
