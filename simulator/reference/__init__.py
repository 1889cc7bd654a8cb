"""The farm in SimPy: the readable truth that every other farm is held against."""
