"""Queues in Redis: lists, and streams with a consumer group."""
