"""Somebody's queue in a cluster, its load, and what is recorded of it; see ``benchmarks.operate_cluster``."""
