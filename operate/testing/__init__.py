"""The contracts of the controller's seams, as tests to inherit."""
