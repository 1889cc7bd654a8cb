"""The trace that ships with the project; see README.md here."""
