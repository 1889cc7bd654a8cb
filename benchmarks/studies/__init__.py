"""What running a study costs, and what it survives. See docs/studies.md."""
