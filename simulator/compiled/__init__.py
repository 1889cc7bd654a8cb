"""The farm compiled: the twin of ``simulator.reference``, equal to the bit and hundreds of times faster."""
