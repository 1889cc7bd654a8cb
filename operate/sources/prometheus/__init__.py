"""Queues that are known by what a Prometheus has of them."""
