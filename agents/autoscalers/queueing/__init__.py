"""Rules from queueing theory: backlog per instance, Little's law, square-root staffing."""
