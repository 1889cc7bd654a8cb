"""Queues of RQ (Redis Queue), read by plain commands."""
