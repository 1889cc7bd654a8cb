"""Training: episodes, evaluations, checkpoints, records, and going on from where a run was stopped."""

from agents.training.train import LEARNERS, resume, train

__all__ = ["LEARNERS", "resume", "train"]
