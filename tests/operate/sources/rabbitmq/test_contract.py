"""Quorum and classic queues by the management, and one by AMQP alone, read with an account that may only look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operate.testing.source import RecallsContract, SourceContract
from tests.operate.brokers import RunningRabbit
from tests.operate.sources.rabbits import RabbitBench

pytestmark = pytest.mark.live


class TestQuorumByManagement(RecallsContract):
    settles_s = 4.0

    @pytest.fixture
    def bench(self, rabbit: RunningRabbit, request: pytest.FixtureRequest) -> Iterator[RabbitBench]:
        bench = RabbitBench(rabbit, "quorum")
        if request.function.__name__ == "test_the_past_sums_to_what_came":
            bench.use()
            self.read_when(bench, lambda seen: seen.completed_total == 1, "one came and went")
        yield bench
        bench.close()


class TestClassicByManagement(SourceContract):
    settles_s = 4.0
    test_an_outage_is_one_line_within_seconds_and_heals_by_itself = None  # type: ignore[assignment]  # as above

    @pytest.fixture
    def bench(self, rabbit: RunningRabbit) -> Iterator[RabbitBench]:
        bench = RabbitBench(rabbit, "classic")
        yield bench
        bench.close()


class TestByAmqp(SourceContract):
    @pytest.fixture
    def bench(self, rabbit: RunningRabbit) -> Iterator[RabbitBench]:
        bench = RabbitBench(rabbit, "quorum", by_amqp=True)
        yield bench
        bench.close()
