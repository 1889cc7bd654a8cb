"""The fault campaign of the controller: everything that may break around it is broken, and laws are looked at."""
