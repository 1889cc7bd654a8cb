"""The planner distilled: a small network that has learned to decide as looking ahead does, without looking ahead."""
