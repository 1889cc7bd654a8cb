"""What all tests share."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.places import ROOT

# The folder of recordings that are not shipped, for whoever keeps one beside the checkout and names no other.
if (RECORDINGS := ROOT.parent / "shared" / "data").is_dir():
    os.environ.setdefault("AUTOSCALE_DATA", str(RECORDINGS))
# The contracts are tests, too: a failure shows the values.
pytest.register_assert_rewrite("autoscaling_env.testing", "operate.testing")
# No test may fail for the time it takes: other work on the machine would decide the outcome.
# CI decides whether a change lands, so there a law meets the same cases every time; at home others on each run.
settings.register_profile("unhurried", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in real time may be disturbed by whatever else the machine does: they get a second and a third chance.

    Everything else has one; a rerun is reported, so a test that needs it often is seen.
    """
    for item in items:
        if item.get_closest_marker("live") or item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=2))


class Order:
    """The longest go first."""

    @pytest.hookimpl(trylast=True)  # after those were left out that nobody asked for
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        items[:] = _longest_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


class ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Each test by itself, but for those on what takes two cores some seconds to start: one process does that.

    By name, since groups of pytest-xdist 3.8 are lost in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((server for server in ("rabbit", "celery") if server in nodeid.lower()), nodeid)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Order())
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell has it for what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer | None:
    """With ``--dist loadgroup``."""
    return ByServer(config, log) if config.getvalue("dist") == "loadgroup" else None


def _longest_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests so that each process begins with its share of the pages, those in real time before the others.

    Each is given a stretch of the list, and takes from another's end when it is through.
    """
    pages = [item for item in items if item.get_closest_marker("docs")]
    pages.sort(key=lambda item: item.get_closest_marker("live") is None)
    rest = [item for item in items if not item.get_closest_marker("docs")]
    bounds = [len(items) * worker // workers for worker in range(workers + 1)]
    found: list[pytest.Item] = []
    for worker in range(workers):
        mine = pages[worker::workers]
        more = bounds[worker + 1] - len(found) - len(mine)
        found += [*mine, *rest[: max(more, 0)]]
        del rest[: max(more, 0)]
    return found + rest
