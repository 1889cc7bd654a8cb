"""What a controller remembers, whatever happens to the clock on the wall."""

from __future__ import annotations

import pytest

from tests.operate.controller.controllers import Controlled, Says

DAY_S = 86_400.0


@pytest.mark.parametrize("jump_s", [DAY_S + 3600, -DAY_S - 3600])
def test_a_clock_that_is_wrong_for_once_does_not_give_the_day_its_hours_back(tmp_path, jump_s):
    run = Controlled(tmp_path, policy=Says(4))
    run.clock.wall_s = DAY_S * 20_000 + 7200
    spent = run.ticks(30)[-1].hours_today
    run.clock.wall_s += jump_s
    assert run.ticks(2)[-1].hours_today < spent / 10
    run.clock.wall_s -= jump_s
    assert run.ticks(1)[0].hours_today == pytest.approx(spent + 4 * 8 / 3600, rel=1e-6)
