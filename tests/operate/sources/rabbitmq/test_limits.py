"""What a queue's arguments and policies do to its tasks."""

from __future__ import annotations

from operate.sources.rabbitmq.limits import fed_by, limits_of, removals


def test_arguments_and_the_policy_are_one_thing():
    told = {"arguments": {"x-max-length": 5}, "effective_policy_definition": {"message-ttl": 1000}}
    assert limits_of(told) == {"max-length": 5, "message-ttl": 1000}
    assert limits_of({"effective_policy_definition": []}) == {}


def test_how_tasks_vanish_is_said_in_words():
    told = {"arguments": {"x-message-ttl": 60000, "x-dead-letter-exchange": "", "x-delivery-limit": 3}}
    said = removals(told)
    assert said[0] == "tasks that wait for 60000 ms are removed"
    assert "each worker that is killed counts" in said[1]
    assert said[-1] == "they go to the dead letters"
    assert removals({"arguments": {"x-queue-type": "quorum"}}) == []


def test_a_queue_of_delayed_retries_feeds_the_one_that_it_names():
    retry = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs", "x-message-ttl": 5000}
    others = [
        {"name": "jobs.retry", "vhost": "/", "arguments": retry},
        {"name": "elsewhere", "vhost": "other", "arguments": retry},
        {"name": "another", "vhost": "/", "arguments": {**retry, "x-dead-letter-exchange": "dlx"}},
        {"name": "jobs", "vhost": "/", "arguments": {}},
    ]
    assert list(fed_by("jobs", "/", others)) == ["jobs.retry"]
