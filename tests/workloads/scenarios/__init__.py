"""Tests of the named scenarios."""
