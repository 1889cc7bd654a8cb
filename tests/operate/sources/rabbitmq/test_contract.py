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
    def bench(self, rabbit: RunningRabbit) -> Iterator[RabbitBench]:
        bench = RabbitBench(rabbit, "quorum")
        yield bench
        bench.close()


class TestClassicByManagement(SourceContract):
    settles_s = 4.0

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
