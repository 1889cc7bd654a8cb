"""A whole controller on a real queue: a Redis list, processes that drain it, files, page."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from typing import Any

import numpy as np
import pytest

import experiments
from agents.planning.forecast import History
from agents.planning.past import Past
from autoscaling_env.errors import BackendError, InputError
from experiments.operations.past import journal_past
from experiments.operations.policies import policy_of
from experiments.operations.queue import price_of_a_miss, simulated
from experiments.operations.running import Unwatched
from live.clients import command_client
from operate.controller.alone import alone_in
from operate.journal.reader import JournalReader
from operate.journal.writer import JournalWriter
from operate.reading import Fact, Reading
from operate.record import Record
from tests.live.servers import RunningServer, require_server
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.live
CONSUMER = (sys.executable, "-m", "operate.demo.consumer")
KEDA = {"agents.keda.list_length": 5, "agents.keda.polling_interval_s": 0.2, "agents.hpa.sync_period_s": 0.2}


@pytest.fixture(scope="module")
def server():
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture
def configured(server, tmp_path, request):
    """What makes a configuration of a queue of this test's own, with two workers that sleep."""
    queue = request.node.name
    with command_client(server.url) as client:
        client.delete(queue, f"{queue}:done", f"{queue}:held")

    def make(**changes):
        file = tmp_path / "operate.yml"
        given: dict[str, Any] = {
            "source": {"kind": "redis_list", "url": server.url, "key": queue, "completed_key": f"{queue}:done"},
            "target": {"kind": "processes", "command": [*CONSUMER, server.url, queue]},
            "policy": "keda",
            "settings": KEDA,
            "objective": {"finish_within": 5, "share": 0.9},
            "bounds": {"min": 1, "max": 6},
            "tasks": {"service_time": 0.2},
            "workers": {"startup_time": 0.5},
            "guardrails": {"decide_within": 0.1, "stale_after": 5, "scale_in_cooldown": 0},
            "interval": 0.25,
            "state": str(tmp_path / "state"),
            "page": {"port": 0},
        }
        for key, value in changes.items():
            given[key] = (
                {**given[key], **value} if isinstance(value, dict) and isinstance(given.get(key), dict) else value
            )
        file.write_text(json.dumps(given))  # YAML reads it
        return file

    return make


def a_controller(file, *assignments, ticks=8, watcher=None, stop=None):
    config = experiments.operate_config(file, assignments)
    return experiments.operate(config, stop=stop or threading.Event(), ticks=ticks, watcher=watcher)


def put(server, queue, count, work_s=0.05):
    with command_client(server.url) as client:
        client.lpush(queue, *[work_s] * count)


def left(server, queue):
    with command_client(server.url) as client:
        return client.llen(queue), int(client.get(f"{queue}:done") or 0)


class Watching(Unwatched):
    def __init__(self):
        self.records, self.notes, self.pages = [], [], {}

    def ticked(self, record):
        self.records.append(record)
        if record.tick == 4 and record.kind == "tick":
            for path in ("", "metrics", "healthz", "readyz", "state.json"):
                with urllib.request.urlopen(f"{self.url}/{path}") as answer:  # noqa: S310 - our own page
                    self.pages[path] = answer.read().decode()

    def serving(self, url):
        self.url = url

    def note(self, text):
        self.notes.append(text)


class UntilDone(Watching):
    """Stops the controller when all tasks of a queue are done, not before the pages were looked at."""

    def __init__(self, server, queue, tasks):
        super().__init__()
        self.stop, self._done = threading.Event(), lambda: left(server, queue) == (0, tasks)

    def ticked(self, record):
        super().ticked(record)
        if self.pages and self._done():
            self.stop.set()


def test_a_controller_acts_on_a_queue_and_leaves_a_journal(server, configured, request):
    put(server, request.node.name, 60)
    watching = UntilDone(server, request.node.name, 60)
    found = a_controller(configured(mode="act"), ticks=400, watcher=watching, stop=watching.stop)
    assert left(server, request.node.name) == (0, 60)
    assert found.writes >= 1
    assert max(record.requested for record in watching.records) > 1
    assert [record.kind for record in watching.records] == ["start", *["tick"] * found.ticks, "end"]
    assert [record.tick for record in JournalReader(found.journal)] == [record.tick for record in watching.records]
    assert "autoscale_operate_backlog_tasks" in watching.pages["metrics"]
    assert "keda" in watching.pages["state.json"]


def test_a_shadow_writes_nothing_and_says_what_it_would_do(server, configured, request):
    put(server, request.node.name, 60)
    watching = Watching()
    found = a_controller(configured(target={"workers": 1}), ticks=8, watcher=watching)
    assert found.writes == 0
    assert {record.requested for record in watching.records if record.kind == "tick"} == {1}
    assert max(record.wanted for record in watching.records) > 1


def test_a_second_controller_of_a_folder_is_refused(configured, tmp_path):
    file, inside, go = configured(), threading.Event(), threading.Event()

    class Held(Unwatched):
        def ticked(self, record):
            inside.set()
            go.wait(PATIENCE_S)

    first = threading.Thread(target=a_controller, args=(file,), kwargs={"ticks": 1, "watcher": Held()})
    first.start()
    assert inside.wait(PATIENCE_S)
    try:
        with pytest.raises(InputError, match="another controller keeps its state there"):
            a_controller(file)
    finally:
        go.set()
        first.join()
    assert a_controller(file, ticks=1).ticks == 1


def test_a_killed_controller_misleads_nobody(server, configured, request, tmp_path):
    file = configured(mode="act")
    program = (
        "import sys, threading, experiments;"
        "experiments.operate(experiments.operate_config(sys.argv[1]), stop=threading.Event())"
    )
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", program.replace(";", "\n"), str(file)])
        until(lambda: _ticks(tmp_path / "state" / "journal") >= 4)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for each in (tmp_path / "state" / "journal").iterdir():
            each.rename(each.with_suffix(".old"))
    (tmp_path / "state" / "state.json").write_text("{broken")
    put(server, request.node.name, 10)
    watching = UntilDone(server, request.node.name, 10)
    a_controller(file, ticks=400, watcher=watching, stop=watching.stop)
    assert left(server, request.node.name) == (0, 10)


def _ticks(folder):
    return sum(b'"kind":"tick"' in line for file in folder.glob("*.jsonl") for line in file.read_bytes().splitlines())


def test_check_finds_what_stands_in_the_way(server, configured, request):
    with command_client(server.url) as client:
        client.set(f"{request.node.name}:done", 0)
    good = {finding.what: finding for finding in experiments.check_operate(experiments.operate_config(configured()))}
    assert all(finding.ok for finding in good.values()), good
    changes = {"policy": "hindsight", "target": {"command": ["no-such-program"]}, "state": str(configured() / "below")}
    bad = experiments.check_operate(experiments.operate_config(configured(**changes)))
    assert {finding.what for finding in bad if not finding.ok} == {"the worker's program", "policy hindsight", "state"}
    assert all(finding.remedy for finding in bad if not finding.ok)


def test_init_writes_what_it_found_and_check_reads_it(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    put(server, "shop:orders", 5)
    file = tmp_path / "made.yml"
    found = experiments.init_operate(file, urls=[server.url], cluster={})
    config = experiments.operate_config(file)
    assert config.mode == "shadow"
    assert "shop:orders" in {each.get("key") for each in found.sources}
    assert "no workers were found" in found.notes[-1]
    with pytest.raises(InputError, match="is there already"):
        experiments.init_operate(file, urls=[], cluster={})
    experiments.init_operate(file, urls=[], cluster={}, force=True)
    assert experiments.operate_config(file).source.key == "tasks"


def test_what_cannot_decide_here_says_so_before_the_first_tick(configured):
    for policy, told in (
        ("hindsight", "cannot decide about a queue"),
        ("external", "cannot"),
        ("hpaa", "did you mean 'hpa'"),
    ):
        with pytest.raises(InputError, match=told):
            a_controller(configured(policy=policy))
    with pytest.raises(InputError, match="asks for no history"):
        a_controller(configured(recall="1h"))
    with pytest.raises(InputError, match="does not know what came before"):
        a_controller(configured(policy="planner", recall="1h"))


def test_the_planner_learns_from_its_own_journal(configured, tmp_path):
    file = configured(policy="planner", period="2s", interval="0.25s")
    first = Watching()
    a_controller(file, ticks=24, watcher=first)
    assert any("no history" in note for note in first.notes)
    again = Watching()
    a_controller(file, ticks=2, watcher=again)
    assert any("its own journal, " in note for note in again.notes)
    assert again.records[-2].forecast


def test_the_journals_past_is_cut_where_nobody_looked(tmp_path, configured):
    config = experiments.operate_config(configured(period="8s", interval="2s", guardrails={"decide_within": 0.5}))
    with JournalWriter(tmp_path / "state" / "journal", keep_s=1e9, file_bytes=1e9) as journal:
        for number in (*range(5), *range(20, 25)):
            at = f"2026-01-01T00:{number * 2 // 60:02}:{number * 2 % 60:02}+00:00"
            seen = {"arrived": 1.5, "elapsed_s": 2.0} if number != 20 else {"arrived": 40.0, "elapsed_s": 32.0}
            journal.append(Record(at=at, operator="x", tick=number, time_s=0.0, step_s=2.0, seen=seen))
    past = journal_past(config)
    assert past is not None
    assert [episode.tolist() for episode in past.episodes] == [[1, 2, 1, 2, 1], [1, 2, 1, 2]]
    assert (past.period, past.offsets) == (4, (3, 0))


class Remembering:
    """A source that recalls so many tasks in each step."""

    knows, described = frozenset({Fact.BACKLOG}), "a source that remembers"

    def __init__(self, counts):
        self.counts = counts

    def read(self):
        return Reading(backlog=0.0)

    def past(self, step_s, since_s):
        return np.array(self.counts, dtype=np.int64)

    def close(self):
        """Nothing to close."""


def test_the_planner_asks_the_source_what_came_before(configured):
    watching = Watching()
    config = experiments.operate_config(configured(policy="planner", recall="10s", period="5s"))
    decider = policy_of(config, Remembering([1, 7] * 20), lambda: 1_000_000.0, watching)
    assert watching.notes[-1] == "planner: knows what the source remembers of 10 s, 40 steps"
    assert decider.highest_rate == 7 / 0.25
    assert decider.periodic


def test_a_history_of_other_steps_is_refused(configured, tmp_path):
    Past(History(8.0, (np.ones(100, dtype=np.int64),))).save(tmp_path / "past.npz")
    with pytest.raises(InputError, match=r"make it with --step-duration 0\.25"):
        a_controller(configured(policy=f"planner:{tmp_path / 'past.npz'}"))


def test_a_late_task_costs_so_much_that_keeping_the_promise_pays(configured):
    config = experiments.operate_config(
        configured(objective={"finish_within": 5, "share": 0.9, "cost_per_worker_hour": 3.6})
    )
    assert price_of_a_miss(config.objective, config.tasks.service_time) == pytest.approx(0.2 * 0.001 * 9)
    env = simulated(config, 3.0)
    assert env.reward.objective == "cost"
    assert env.reward.missed_deadline_price == pytest.approx(0.0018)
    assert (env.workload.deadline.floor_s, env.workload.deadline.cap_s) == (5.0, 5.0)
    started = replace_objective(config, start_within=2.0)
    assert simulated(started, 3.0).workload.deadline.cap_s == pytest.approx(2.2)


def replace_objective(config, **changes):
    objective = config.objective.model_copy(update={"finish_within": None, **changes})
    return config.model_copy(update={"objective": objective})


def test_settings_reach_the_policy_and_wrong_ones_are_named(configured):
    file = configured(settings={"agents.keda.list_lenght": 3})
    with pytest.raises(InputError, match=r"settings agents\.keda\.list_lenght: .*did you mean 'list_length'"):
        a_controller(file)


def test_init_writes_nothing_where_nobody_answers_or_the_address_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    file = tmp_path / "made.yml"
    with pytest.raises(InputError, match=r"localhost:1: must begin with one of amqp://, .*redis://"):
        experiments.init_operate(file, urls=["localhost:1"], cluster={})
    with pytest.raises(BackendError, match="Connection refused"):
        experiments.init_operate(file, urls=["redis://localhost:1"], cluster={})
    assert not file.exists()


def test_init_says_what_would_have_to_be_configured_for_more_to_be_known(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    put(server, "shop:orders", 5)
    file = tmp_path / "made.yml"
    experiments.init_operate(file, urls=[server.url], cluster={})
    written = file.read_text()
    assert "arrived_total: with arrived_key" in written
    assert "this is an example" in written  # of workers none were found


def test_check_finds_a_promise_that_no_task_can_keep_and_a_port_that_is_taken(configured):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        page = {"port": taken.getsockname()[1]}
        changes = {"page": page, "tasks": {"service_time": 60.0}, "objective": {"finish_within": 30.0}}
        found = experiments.check_operate(experiments.operate_config(configured(**changes)))
    wrong = {finding.what: finding.detail for finding in found if not finding.ok}
    assert "the work of a task is 60 s" in wrong["promise"]
    assert "Address already in use" in wrong["page"]


def test_check_beside_a_running_controller_says_that_it_runs(configured):
    config = experiments.operate_config(configured())
    with alone_in(config.state):
        found = {finding.what: finding for finding in experiments.check_operate(config)}
    assert found["state"].ok
    assert "runs now" in found["state"].detail
    assert "page" not in found


def test_check_tells_what_is_read_and_what_is_estimated(server, configured, request):
    put(server, request.node.name, 3)
    found = {each.what: each for each in experiments.check_operate(experiments.operate_config(configured()))}
    assert "backlog 3" in found["a reading"].detail
    estimated, _, more = found["what is estimated"].detail.partition("; more is known: ")
    assert estimated == "in_flight, arrived_total, service_s, oldest_s"
    assert "arrived_total with arrived_key" in more
    alone = experiments.operate_config(configured(source={"completed_key": ""}))
    told = {each.what: each for each in experiments.check_operate(alone)}
    assert "a quiet queue looks like a busy one" in told["what is estimated"].detail
