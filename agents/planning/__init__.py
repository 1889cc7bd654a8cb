"""Looking ahead: what may come, and what is best to do about it."""
