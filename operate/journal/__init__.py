"""The decision journal: a JSON line a tick, in files of a day; written by the controller, read by everybody else."""
