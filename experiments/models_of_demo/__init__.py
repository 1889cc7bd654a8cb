"""Trained policies of the demo: written by ``python -m benchmarks.demo_models``, read without torch."""
