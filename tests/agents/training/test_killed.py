"""Training survives SIGKILL at any moment.

``python -m tests.agents.training.killed_training dqn 200`` does more of it.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.places import ROOT

pytest.importorskip("tensorboard")


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_as_if_it_never_was() -> None:
    command = [sys.executable, "-m", "tests.agents.training.killed_training", "sarsa", "10"]
    root = ROOT
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, cwd=root)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["as_never_killed"]
