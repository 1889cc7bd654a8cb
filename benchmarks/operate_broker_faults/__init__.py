"""The brokers of somebody's queue fail, are cut off and run full while a controller acts: what becomes of it all."""
