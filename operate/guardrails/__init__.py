"""What may not happen, whatever a policy says."""
