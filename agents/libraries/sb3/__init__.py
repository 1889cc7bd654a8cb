"""stable-baselines3 and sb3-contrib: the farm as their ``VecEnv``, and what they trained as a model file of ours."""
