"""What came of a run: tables, statistics, pictures and a report, made from its records and from nothing else."""
