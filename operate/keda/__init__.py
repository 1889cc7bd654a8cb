"""Decisions told to KEDA: its external scaler's service, and what makes its autoscaler reach the count."""
