"""The farm as functions of an OpenFaaS gateway."""
