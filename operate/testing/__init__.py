"""What a source, a target and an election promise, as tests to inherit; and queues to try a controller on."""
