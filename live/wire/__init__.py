"""What goes over the wire: every key with its type and meaning, what tasks and segments look like, the scripts."""
