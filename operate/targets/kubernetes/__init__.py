"""The scale subresource of any object in a Kubernetes cluster."""
