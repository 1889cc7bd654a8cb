"""The Gymnasium environment of a task farm, and the seams to farms, policies and workloads."""

__version__ = "0.1.0"
