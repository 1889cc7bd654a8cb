"""The command ``autoscale``: the only place that knows every name."""
