"""Any other queue, told in JSON by a command (``exec``) or at an address (``http``)."""

from operate.sources.told.answer import reading_schema

__all__ = ["reading_schema"]
