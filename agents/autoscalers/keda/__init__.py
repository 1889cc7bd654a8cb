"""KEDA: an event-driven executor over an HPA of its own."""
