"""The fault campaign in short: the worst that may happen to two controllers on a real cluster breaks no law."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.operate_faults.campaign import run
from benchmarks.operate_faults.faults import COUNTS, Kind, every, schedule
from benchmarks.operate_faults.laws import laws
from tests.live.platforms.kubernetes.conftest import _image, _one_at_a_time
from tests.live.platforms.kubernetes.images import IMAGE
from tests.live.servers import require_server

__all__ = ["_image", "_one_at_a_time"]

SHORT = (Kind.LEADER_KILLED, Kind.REDIS_KILLED, Kind.PERSON, Kind.POLICY_NAN)


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.usefixtures("_image")
def test_no_law_is_broken_while_the_worst_faults_are_made(tmp_path: Path) -> None:
    require_server()
    campaign = run(schedule(1, 0.0, SHORT), tmp_path, image=IMAGE)
    assert {law.text: (law.found, law.breaches) for law in laws(campaign) if law.breaches} == {}
    assert campaign.books.done > 0


def test_a_campaign_has_sixty_faults_of_every_kind_and_is_drawn_from_its_seed() -> None:
    kinds = every(stops_api_server=False)
    assert len(kinds) >= 60
    assert set(kinds) == COUNTS.keys() - {Kind.API_STOPPED}
    faults = schedule(3, 10.0, kinds)
    assert faults == schedule(3, 10.0, kinds) != schedule(4, 10.0, kinds)
    assert sorted(fault.kind for fault in faults) == sorted(kinds)
