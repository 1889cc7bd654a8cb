"""The farm as pods of a Kubernetes cluster."""
