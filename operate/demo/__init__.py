"""A queue to try a controller on: a server, a load that swings, and workers that know nothing of us."""
