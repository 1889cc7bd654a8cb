"""The decision rules of industry autoscalers as pure state machines: time, counts and metrics in, a number out."""
