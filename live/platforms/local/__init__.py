"""The farm on this machine: processes, with a server of its own unless one is configured."""
