"""The benchmark protocol: what is played, how it is added up, and the leaderboard. See docs/leaderboard.md."""
