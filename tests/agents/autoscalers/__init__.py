"""Tests of the industry autoscalers' rules."""
