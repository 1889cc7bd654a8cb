"""Whose queue: each module reads one kind, announces it as ``KIND``, and never changes anything in it."""
