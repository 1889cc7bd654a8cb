"""Knative's pod autoscaler."""
