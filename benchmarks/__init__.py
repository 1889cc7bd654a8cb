"""Measurements: each module ``bench_*.py`` has ``run()``, whose rows go to ``results.json``."""
