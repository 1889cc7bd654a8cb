"""``report.html``: a run as one file that works offline; made from the run's files and from nothing else."""

from analysis.report.page import write_report

__all__ = ["write_report"]
