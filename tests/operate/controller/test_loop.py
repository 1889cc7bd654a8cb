from __future__ import annotations

from operate.controller.loop import run


class World:
    """Time that passes while ticks take what they take."""

    def __init__(self, *takes):
        self.now_s, self.takes, self.told = 50.0, list(takes), []

    def now(self):
        return self.now_s

    def wait(self, seconds):
        self.now_s += seconds
        return False

    def tick(self, number, skipped, late_s):
        self.told.append((number, skipped, round(late_s, 6), self.now_s))
        self.now_s += self.takes.pop(0) if self.takes else 0.0


def test_ticks_come_at_their_times_without_drift():
    world = World(1.0, 2.5, 0.0, 7.9)
    run(world, 8.0, world.now, world.wait, most=6)
    assert [at for *_, at in world.told] == [50.0, 58.0, 66.0, 74.0, 82.0, 90.0]


def test_ticks_that_come_too_late_are_skipped_and_counted():
    world = World(0.0, 20.0, 8.0, 0.0)
    run(world, 8.0, world.now, world.wait, most=5)
    assert [(number, skipped) for number, skipped, *_ in world.told] == [(0, 0), (1, 0), (4, 2), (5, 0), (6, 0)]
    assert [late for _, _, late, _ in world.told] == [0.0] * 5


def test_it_ends_when_the_wait_says_so():
    world = World()
    run(world, 8.0, world.now, lambda seconds: len(world.told) == 3 or world.wait(seconds))
    assert len(world.told) == 3
