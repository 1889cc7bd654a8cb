"""Metrics, health and a page: what the controller shows, on one port, read only."""

from operate.page.facts import Facts
from operate.page.server import PageServer

__all__ = ["Facts", "PageServer"]
