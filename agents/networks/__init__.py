"""Small networks in NumPy, as every learner's policies run them: no torch is needed to decide."""
