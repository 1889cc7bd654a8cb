from __future__ import annotations

import threading

import numpy as np
import pytest

from live.clients import command_client
from operate.demo.load import BURST_AT_S, BURST_S, MEAN, PERIOD_S, Load, rate
from tests.live.servers import RunningServer, require_server


def test_the_load_repeats_every_period_with_a_burst():
    at_s = np.arange(0.0, PERIOD_S, 0.5)
    first, second = ([rate(each + start) for each in at_s] for start in (0.0, 7 * PERIOD_S))
    assert first == pytest.approx(second)
    assert rate(BURST_AT_S) > 3 * MEAN
    assert rate(BURST_AT_S + BURST_S) < 2 * MEAN
    assert min(first) > 0


@pytest.mark.live
def test_what_is_sent_is_counted():
    require_server()
    server = RunningServer()
    try:
        load = Load(server.url, "orders")
        load.start()
        threading.Event().wait(1.5)
        load.stop()
        with command_client(server.url) as client:
            assert client.llen("orders") == load.sent == int(client.get("orders:came") or 0) > 0
    finally:
        server.stop()
