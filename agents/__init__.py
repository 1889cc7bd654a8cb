"""Decision makers: rules that people run, learners, and what trains and tunes them."""
