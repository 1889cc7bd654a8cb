"""What is believed of figures that nobody dates and of counts that do not add up."""

from __future__ import annotations

import pytest

from operate.sources.rabbitmq.figures import Balance, Freshness, figures_of


def test_a_queue_in_which_nothing_has_happened_yet_is_counted_as_nothing():
    figures = figures_of({"name": "jobs", "messages_ready": 0, "messages_unacknowledged": 0})
    assert figures.ready == 0
    assert figures.published is None
    assert figures.kind == "classic"
    assert figures_of({}).ready is None


def test_what_is_handed_out_without_acknowledgement_is_finished_and_its_consumers_are_careless():
    stats = {"publish": 9, "ack": 4, "deliver_no_ack": 2, "get_no_ack": 1}
    consumers = [{"ack_required": False, "prefetch_count": 0}, {"ack_required": True, "prefetch_count": 3}]
    figures = figures_of({"messages_ready": 2, "message_stats": stats, "consumer_details": consumers})
    assert (figures.acknowledged, figures.handed_out, figures.careless) == (4, 3, 1)


class TestFreshness:
    def test_nobody_knows_when_the_first_ones_were_sampled(self):
        assert Freshness(5.0).age_s(100.0, (1,)) == 5.0

    def test_what_changed_was_sampled_since_the_last_question(self):
        fresh = Freshness(5.0)
        fresh.age_s(100.0, (1,))
        assert fresh.age_s(101.0, (2,)) == pytest.approx(1.0)

    def test_what_stays_grows_older_and_never_older_than_a_sample(self):
        fresh = Freshness(5.0)
        fresh.age_s(100.0, (1,))
        fresh.age_s(101.0, (2,))
        assert fresh.age_s(103.0, (2,)) == pytest.approx(3.0)
        assert fresh.age_s(190.0, (2,)) == 5.0

    def test_after_a_long_silence_what_changed_is_no_older_than_a_sample(self):
        fresh = Freshness(5.0)
        fresh.age_s(100.0, (1,))
        assert fresh.age_s(160.0, (2,)) == 5.0


class TestBalance:
    def test_counts_that_were_sampled_seconds_apart_are_no_loss(self):
        """A thousand messages stand in the queue some seconds before they are counted as published, and back."""
        balance = Balance(5.0)
        assert balance.lost(0.0, 0, 0, 0) == 0
        assert balance.lost(5.0, 1000, 0, 0) == 0
        assert balance.lost(10.0, 1000, 1000, 0) == 0
        assert balance.lost(15.0, 0, 1000, 0) == 0
        assert balance.lost(20.0, 0, 1000, 1000) == 0
        assert balance.lost(60.0, 0, 1000, 1000) == 0
        assert not balance.uncounted

    def test_what_was_removed_is_told_once(self):
        balance = Balance(5.0)
        balance.lost(0.0, 500, 500, 0)
        told = [balance.lost(float(now), 0, 500, 0) for now in range(5, 120, 5)]
        assert sum(told) == 500
        assert sum(each > 0 for each in told) == 1
        assert not balance.uncounted

    def test_what_nobody_counts_as_published_is_seen_while_it_makes_a_difference(self):
        balance = Balance(5.0)
        balance.lost(0.0, 0, 0, 0)
        for now in range(5, 60, 5):
            assert balance.lost(float(now), 10, 0, now * 4) == 0
        assert balance.uncounted
        for now in range(60, 120, 5):
            balance.lost(float(now), 10, now * 100, now * 100 + 240)
        assert not balance.uncounted

    def test_a_counter_that_began_anew_is_no_loss(self):
        balance = Balance(5.0)
        balance.lost(0.0, 100, 5000, 4900)
        for now in range(5, 60, 5):
            assert balance.lost(float(now), 100, 0, 0) == 0
        assert not balance.uncounted
