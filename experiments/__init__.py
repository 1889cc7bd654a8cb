"""What the commands do, as a library: typed settings in, typed results with data frames out."""
