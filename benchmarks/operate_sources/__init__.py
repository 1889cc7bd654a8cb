"""What a reading of each kind of source costs the controller where a million tasks wait."""
