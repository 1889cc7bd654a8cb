"""A kill campaign on scale-in: what becomes of the task in a worker's hands, by queue and by its settings."""
