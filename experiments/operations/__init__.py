"""Operating somebody's queue: a controller put together, and what its journal tells afterwards."""
