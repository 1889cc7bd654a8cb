"""Operating a queue that somebody already has: what is seen there, who decides, what may become of it."""
