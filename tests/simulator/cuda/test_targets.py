"""Nobody meets a GPU's libraries who did not ask for one; who asks where there is none is told so in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import gymnasium
import numpy as np
import pytest

from autoscaling_env import ENV_ID
from autoscaling_env.errors import InputError
from simulator.compiled import kernel
from simulator.cuda import farm
from simulator.cuda.copies import Copies
from simulator.cuda.environment import SWAPS
from simulator.cuda.targets import target
from simulator.cuda.vector_env import CudaVectorEnv

EVERYTHING = "import sys, gymnasium, autoscaling_env, experiments, simulator.vector_env, simulator.many, cli.main"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=False, timeout=500)


def test_nothing_imports_a_library_for_gpus_unasked() -> None:
    code = f"{EVERYTHING}; gymnasium.make_vec('{ENV_ID}', num_envs=2).reset(seed=1)"
    found = (
        "print([name for name in sys.modules if name.split('.')[0] in ('cuda', 'cupy', 'jax') or name == 'numba.cuda'])"
    )
    done = python(f"{code}; {found}")
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_without_a_gpu_it_is_one_line() -> None:
    code = f"import autoscaling_env, gymnasium; gymnasium.make_vec('{ENV_ID}', num_envs=2, device='cuda')"
    done = python(f"{code}.reset()", CUDA_VISIBLE_DEVICES="")
    assert done.returncode != 0
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith("autoscaling_env.errors.InputError: a GPU: none that CUDA finds")
    )


def test_make_vec_makes_it() -> None:
    env = gymnasium.make_vec(ENV_ID, num_envs=2, device="cuda", pool=2, max_steps=2)
    assert isinstance(env.unwrapped, CudaVectorEnv)
    env.reset(seed=1)
    env.step(np.ones(2, dtype=np.int64))
    with pytest.raises(InputError, match=r"unknown device 'cuba' \(did you mean 'cuda'\?\)"):
        gymnasium.make_vec(ENV_ID, num_envs=2, device="cuba")


def test_copies_call_copies_and_what_stands_in_their_place() -> None:
    made = []
    copies = Copies(lambda function: made.append(function.__name__) or function, SWAPS)
    scale = copies.of(farm.scale)
    counts = scale.__globals__["_scale"].__globals__
    assert counts["remove_one"].__code__ is farm.remove_one.__code__
    assert counts["source"].__code__ is farm.source.__code__
    assert copies.of(farm.scale) is scale
    assert made.count("remove_one") == 1
    assert kernel.remove_one.py_func is not counts["remove_one"]  # type: ignore[attr-defined]


def test_a_module_stands_in_the_place_of_another() -> None:
    from simulator.compiled import environment

    step = Copies(lambda function: function, SWAPS).of(environment.step)
    stands = step.__globals__["kernel"]
    assert isinstance(stands, ModuleType)
    assert stands.advance.__code__ is farm.advance.__code__


def test_a_target_is_made_once_and_says_what_it_is() -> None:
    assert target("cuda") is target("cuda")
    assert target("cuda").name == "simulated GPU"
    assert target("host").name == "host"
