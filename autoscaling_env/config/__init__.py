"""Configuration: parsed once at the edge into validated, frozen models."""

from autoscaling_env.config.loading import default_config, load_config
from autoscaling_env.config.root import Config

__all__ = ["Config", "default_config", "load_config"]
