"""The contracts of the seams as tests to inherit, and fakes to test against; needs pytest."""
