"""``autoscale history`` of a queue: ``--from``, ``--source``; and the work of tasks by name wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.experiments.operations.ledgers import MONDAY_S, installed, write_book, write_config

TASKS = [(MONDAY_S + 10.0 * number, 1.0 + number % 4, "mail" if number % 3 else "report") for number in range(240)]


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, autoscale) -> Iterator[None]:
    with installed(tmp_path / "site"):
        write_book(TASKS, now_s=MONDAY_S + 2400.0)
        yield


def test_of_a_controllers_queue_and_the_planner_of_that_reads_it(autoscale) -> None:
    write_config("ledger")
    outcome = autoscale("history", "--from", "operate.yml", "--since", "24h", "-o", "shop.npz")
    assert outcome.code == 0, outcome.err
    for word in ("queue in book.json", "mail", "report", "mixture", "shop.csv", "shop.npz", "shop.png"):
        assert word in outcome.out
    assert "in operate.yml:\ntasks: {service_time: 2.5, variation: 0.4472}\n" in outcome.out
    assert "in --config FILE:\nworkload: {service: {distribution: {kind: gamma, shape: 5, mean_s: 2.5}" in outcome.out
    shown = autoscale("workload", "show", "--trace", "shop.csv", "--as-recorded")
    assert "work of tasks by name" in shown.out
    assert "tasks: {service_time: 2.5, variation: 0.4472}" in shown.out
    drawn = autoscale("workload", "plot", "--trace", "shop.csv", "--as-recorded", "-o", "shop-tasks.png")
    assert drawn.code == 0, drawn.err
    assert Path("shop-tasks.png").read_bytes().startswith(b"\x89PNG")
    again = autoscale("history", "shop.csv", "--step-duration", 8, "--period", 86400, "-o", "again.npz", "--json")
    assert again.code == 0, again.err
    assert Path("again.npz").read_bytes() == Path("shop.npz").read_bytes()
    assert [each["name"] for each in again.json()["work"]["by_name"]] == ["mail", "report"]


def test_of_a_source_alone_to_a_recording_alone(autoscale) -> None:
    outcome = autoscale("history", "--source", "kind=ledger", "--source", "file=book.json", "-o", "x.csv", "--json")
    assert outcome.code == 0, outcome.err
    data = outcome.json()
    assert data["files"] == {"recording": "x.csv"}
    assert data["imported"]["tasks"] == 240
    assert data["work"]["all"]["mean_s"] == 2.5
    shown = autoscale(
        "workload", "show", "--trace", "x.csv", "--as-recorded", "--set", "workload.functions=[rep]", "--json"
    )
    assert shown.json()["tasks"] == 80
    assert shown.json()["work"]["by_name"][0]["share"] == 1


def test_a_source_over_a_configuration(autoscale) -> None:
    write_config("ledger")
    Path("book.json").rename("other.json")
    outcome = autoscale("history", "--from", "operate.yml", "--source", "file=other.json", "-o", "x.csv")
    assert outcome.code == 0, outcome.err
    assert "queue in other.json" in outcome.out


@pytest.mark.parametrize(
    ("given", "line", "code"),
    [
        (("--from", "nowhere.yml"), "nowhere.yml: cannot be read", 2),
        (("--from", "operate.yml", "tasks.csv"), "name no SOURCE beside them", 2),
        (("--since", "7d"), "--since 7d: says how far back a queue is asked", 2),
        (("--from", "operate.yml", "--since", "soon"), "--since soon: must be a duration such as 24h or 7d", 2),
        (("--from", "operate.yml", "-o", "a.parquet"), "--output a.parquet: must end in .npz", 2),
        (("--from", "operate.yml", "--source", "file=gone.json"), "gone.json: cannot be reached", 1),
        (
            ("--from", "operate.yml", "--source", "kind=blind", "--source", "file=book.json"),
            "does not know what came before",
            2,
        ),
        (("--from", "operate.yml", "--source", "pace=3"), "pace", 2),
        (("--from", "operate.yml", "--step-duration", "0"), "0", 2),
        (("--source", "kind=ledger"), "file: is missing", 2),
        (("--period", "60"), "--period 60: belongs to recordings", 2),
    ],
)
def test_what_is_wrong_is_one_line(autoscale, given: tuple[str, ...], line: str, code: int) -> None:
    write_config("ledger")
    before = set(Path().iterdir())
    outcome = autoscale("history", *given)
    assert (outcome.code, len(outcome.err.splitlines())) == (code, 1), outcome.err
    assert line in outcome.err
    assert set(Path().iterdir()) == before
