"""What is seen of a queue, and what has to be estimated because nobody says it."""
