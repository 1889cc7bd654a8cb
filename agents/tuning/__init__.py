"""Tuning an autoscaler's own settings: a search in simulation, what is worth having, and the YAML to apply."""

from __future__ import annotations

from agents.tuning.manifests import ManifestNames, manifest_yaml, overlay_yaml
from agents.tuning.search import Score, Trial, cheapest_meeting, pareto, tune
from agents.tuning.space import TUNABLE, Parameter, applied, search_space

__all__ = [
    "TUNABLE",
    "ManifestNames",
    "Parameter",
    "Score",
    "Trial",
    "applied",
    "cheapest_meeting",
    "manifest_yaml",
    "overlay_yaml",
    "pareto",
    "search_space",
    "tune",
]
