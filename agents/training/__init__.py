"""Training: episodes, evaluations, checkpoints, records, and going on from where a run was stopped."""

from agents.training.train import EXPLORERS, LEARNERS, resume, train

__all__ = ["EXPLORERS", "LEARNERS", "resume", "train"]
