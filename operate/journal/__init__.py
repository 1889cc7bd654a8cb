"""The decision journal: a JSON line a tick, in files of a day; written by the controller, read by everybody else."""

from operate.journal.filters import FILTERS, keeps
from operate.journal.reader import JournalReader, is_journal
from operate.journal.settings import JournalSettings, start_info
from operate.journal.writer import JournalWriter

__all__ = ["FILTERS", "JournalReader", "JournalSettings", "JournalWriter", "is_journal", "keeps", "start_info"]
