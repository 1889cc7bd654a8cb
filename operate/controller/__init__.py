"""The control loop: observe, decide, bend, write, record."""
