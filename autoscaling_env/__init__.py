"""The Gymnasium environment of a task farm, and the seams to farms, policies and workloads."""

from autoscaling_env.registration import ENV_ID, register_when_imported

__version__ = "0.1.0"
__all__ = ["ENV_ID", "__version__"]

register_when_imported()
