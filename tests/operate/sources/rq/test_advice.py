"""What is said of the workers of RQ, by what starts them."""

from __future__ import annotations

import shlex

import pytest
import redis
from rq import Queue

from autoscaling_env.farm_kind import Finding
from operate.advice import GRACE, PRE_STOP
from operate.sources.rq.advice import advise
from operate.sources.rq.settings import RqSettings
from operate.template import WorkerTemplate
from tests.live.servers import RunningServer
from tests.operate.sources.benches import watched
from tests.operate.sources.rq import jobs

NOWHERE = RqSettings(url="redis://127.0.0.1:1/0", queues=("jobs",))


def said(command: str, settings: RqSettings = NOWHERE, grace_s: float = 300.0, before: str = "") -> dict[str, Finding]:
    template = WorkerTemplate("deployment/worker", tuple(shlex.split(command)), grace_s=grace_s, before_stop=before)
    return {each.what: each for each in advise(settings, template)}


def test_a_plain_worker_with_time_to_stop_is_well() -> None:
    assert [each.what for each in said("rq worker jobs").values() if not each.ok] == []


def test_nothing_is_said_where_nobody_knows_what_starts_a_worker() -> None:
    assert list(advise(NOWHERE, None)) == []


def test_the_default_job_timeout_needs_more_than_the_default_grace_period() -> None:
    finding = said("rq worker jobs", grace_s=30.0)[GRACE]
    assert not finding.ok
    assert "180 s (RQ's default job_timeout" in finding.detail
    assert finding.remedy.startswith("set terminationGracePeriodSeconds: 182 in deployment/worker; or give jobs")


@pytest.mark.live
def test_the_timeouts_of_jobs_that_wait_count(watched_server: RunningServer, admin: redis.Redis) -> None:
    settings = RqSettings(url=watched(watched_server.url), queues=("jobs",))
    queue = Queue("jobs", connection=redis.Redis.from_url(watched_server.url))
    queue.enqueue(jobs.nothing, job_timeout=20)
    assert said("rq worker jobs", settings, grace_s=30.0)[GRACE].ok
    queue.enqueue(jobs.nothing, job_timeout=600)
    assert "600 s (the job_timeout of 2 jobs" in said("rq worker jobs", settings)[GRACE].detail
    queue.enqueue(jobs.nothing, job_timeout=-1)
    found = said("rq worker jobs", settings)
    assert not found["job timeout"].ok
    assert GRACE not in found
    queue.connection.close()


@pytest.mark.parametrize(
    ("command", "what", "remedy"),
    [
        ("rq worker --burst jobs", "ends by itself", "leave --burst out"),
        ("rq worker -b jobs", "ends by itself", "leave -b out"),
        ("python -m rq.cli worker --max-idle-time=60 jobs", "ends by itself", "leave --max-idle-time out"),
        ("rq worker -w rq.worker.HerokuWorker jobs", "worker class", "leave -w out"),
        ("rq worker-pool -n 4 jobs", "one worker each", "`rq worker` instead"),
        ("python manage.py rqworker-pool --num-workers 4 jobs", "one worker each", "`rq worker` instead"),
        ("sh -c 'exec rq worker --max-jobs 5 jobs'", "ends by itself", "leave --max-jobs out"),
    ],
)
def test_what_does_not_fit_has_a_remedy(command: str, what: str, remedy: str) -> None:
    finding = said(command)[what]
    assert not finding.ok
    assert finding.detail.startswith("deployment/worker: ")
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("rq worker -w rq.SimpleWorker jobs", "worker class"),
        ("rq worker --with-scheduler jobs", "scheduler"),
        ("rq worker-pool jobs", "one worker each"),
    ],
)
def test_what_is_to_be_known_is_said(command: str, what: str) -> None:
    assert said(command)[what].ok


def test_a_command_that_leaves_a_queue_out_is_said() -> None:
    settings = RqSettings(url="redis://127.0.0.1:1/0", queues=("high", "low"))
    assert said("rq worker high", settings)["queues served"].remedy == "name all in both: high low"
    assert "queues served" not in said("rq worker high low", settings)
    assert "queues served" not in said("rq worker --config settings", settings)


@pytest.mark.parametrize("before", ["rq suspend -u redis://queue", "kill -TERM 1; sleep 20", "pkill -f 'rq worker'"])
def test_a_second_signal_and_a_suspension_before_the_stop_are_refused(before: str) -> None:
    finding = said("rq worker jobs", before=before)[PRE_STOP]
    assert not finding.ok
    assert finding.remedy.startswith("leave preStop out")


def test_a_pause_before_the_stop_is_none_of_ours() -> None:
    assert PRE_STOP not in said("rq worker jobs", before="sleep 5")
