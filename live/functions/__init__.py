"""The farm's programs: emitter, worker, collector. Their imports stay light: no numpy, no pydantic."""
