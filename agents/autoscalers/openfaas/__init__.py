"""The OpenFaaS Community Edition's alert."""
