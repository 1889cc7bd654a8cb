"""A history from somebody's queue: what it keeps becomes a recording, and that the file that the planner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.tables import Row
from autoscaling_env.errors import InputError
from autoscaling_env.files import check_place
from experiments.histories import HistoryFound, history
from experiments.listening import Listener, Silent
from experiments.operations.importing import Imported, asked_queue, import_past, since_of
from experiments.setup import DEFAULT, Setup, setups_of
from experiments.work_found import configured, work_json, work_tables

#: How files end that hold a recording, and a history.
RECORDING, HISTORY = ".csv", ".npz"


@dataclass(frozen=True, slots=True)
class QueueHistory:
    """What ``queue_history`` found.

    Attributes:
        imported: what the queue kept.
        history: what was made of it; None: the recording alone was wanted.
    """

    imported: Imported
    history: HistoryFound | None

    @property
    def files(self) -> Mapping[str, Path]:
        """What was written."""
        return {"recording": self.imported.file, **(self.history.files if self.history is not None else {})}

    def settings(self) -> dict[str, str]:
        """Return the lines of YAML that tell of the work of tasks; none where it is not known."""
        return {} if self.imported.work is None else configured(self.imported.work)

    def tables(self) -> dict[str, Sequence[Row]]:
        """Return printable rows by title."""
        found = self.imported
        said = {
            "tasks": f"{found.tasks:,}",
            "first": _moment(found.first_s),
            "last": _moment(found.last_s),
        }
        rows = [{"What": name, "Value": value} for name, value in said.items()]
        rows += [{"What": "missing", "Value": remark} for remark in found.remarks]
        tables: dict[str, Sequence[Row]] = {found.described: rows}
        return tables | (work_tables(found.work) if self.history is None else self.history.tables())

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        found = self.imported
        imported = {
            "source": found.described,
            "tasks": found.tasks,
            "first": _moment(found.first_s),
            "last": _moment(found.last_s),
            "remarks": list(found.remarks),
        }
        files = {name: str(path) for name, path in self.files.items()}
        more = work_json(found.work) if self.history is None else self.history.to_json()
        return {"imported": imported, **more, "files": files}


def queue_history(
    config: Path | None = None,
    settings: Sequence[str] = (),
    where: Setup | str = DEFAULT,
    *,
    since: str | None = None,
    output: Path = Path("history.npz"),
    period_s: float | None = None,
    listener: Listener | None = None,
    **options: Any,
) -> QueueHistory:
    """Ask a queue for what it keeps, write it as a recording, and make a history of that for the queue's planner.

    Steps and period are those of the controller's configuration, unless said otherwise.

    Args:
        config: a controller's YAML, of which ``source``, ``interval`` and ``period`` are used; None: none.
        settings: ``key=value`` of its source.
        where: a setup; a step that it says wins.
        since: how far back, as people write it; left out: ``recall`` of the configuration, or a week.
        output: the history, and beside it the recording; a name that ends in .csv: the recording alone.
        period_s: after so long things repeat.
        listener: is told of progress and remarks.
        options: others of ``experiments.history``.

    Raises:
        InputError: something in the settings is wrong, the source does not know its past, or it is too short.
        BackendError: the queue cannot be reached.
    """
    listener, (setup,) = listener or Silent(), setups_of(where)
    if output.suffix not in {RECORDING, HISTORY}:
        raise InputError(f"--output {output}: must end in .npz for a history, or in .csv for the recording alone")
    check_place(output)
    asked = asked_queue(config, settings)
    step = setup.settings.get("environment.step_duration_s")
    step_s = asked.interval_s if step is None else float(step)
    if not step_s > 0:
        raise InputError(f"--step-duration {step_s:g}: must be seconds above 0")
    imported = import_past(asked, since_of(since, asked), output.with_suffix(RECORDING), step_s=step_s)
    for remark in imported.remarks:
        listener.note(remark)
    if output.suffix == RECORDING:
        return QueueHistory(imported, None)
    counted = replace(setup, settings={**setup.settings, "environment.step_duration_s": step_s})
    try:
        found = history(
            [imported.file],
            counted,
            output=output,
            period_s=asked.period_s if period_s is None else period_s,
            listener=listener,
            **options,
        )
    except InputError as error:
        raise InputError(f"{error}; what the queue keeps is in {imported.file}") from None
    return QueueHistory(imported, found)


def _moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
