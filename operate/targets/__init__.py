"""Kinds of platforms that run somebody's workers; each is a package behind one entry point."""
