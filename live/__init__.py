"""The live farm: Redis queues, worker processes or pods, and the Backend that drives them in real time."""
