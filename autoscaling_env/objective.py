"""The objective of a configuration put to work: the reference's terms, weights of a step's numbers, or a function."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from autoscaling_env.config.reward import RewardConfig
from autoscaling_env.errors import ConfigError, InputError, unknown_name
from autoscaling_env.reward import TERM_NAMES, Prices, StepOutcome, Terms, terms
from autoscaling_env.schema import NUMBERS
from autoscaling_env.settings import name_of

#: Name -> number of the step, or array of it with an entry for each environment.
Numbers: TypeAlias = Mapping[str, Any]
#: What a user gives: returns the reward, or its terms by name, of one environment or of as many as the arrays are long.
RewardFunction: TypeAlias = Callable[[Numbers], Any]

#: What is known of a step's end, beside ``autoscaling_env.schema.NUMBERS``.
ENDS = ("terminated", "truncated")
#: The one term of a function that returns a number.
ALONE = "reward"


class Objective:
    """Makes the terms of a step.

    Attributes:
        names: of the terms; None where a function says them.
        function: the user's; None where there is none.
        wants_numbers: it looks at ``Numbers``; else ``StepOutcome`` will do.

    Args:
        config: which objective, and its numbers.
        function: the reward function, where it is at hand; else it is loaded by its name.

    Raises:
        ConfigError: weights of what no step has; every problem, one line each.
        InputError: the function cannot be loaded.
    """

    def __init__(self, config: RewardConfig, function: RewardFunction | None = None) -> None:
        self._config, self._prices, self._weights = config, Prices.of(config), config.terms.weights
        self.function: RewardFunction | None = None
        allowed = (*NUMBERS, *ENDS)
        problems = [
            f"reward.terms.{name}: {unknown_name('number', name, allowed)}"
            for name in self._weights
            if name not in allowed
        ]
        if problems:
            raise ConfigError(*problems)
        self.names: tuple[str, ...] | None = TERM_NAMES.get(config.objective)
        if config.objective == "terms":
            self.names = tuple(self._weights)
        if config.objective == "function":
            self.function = function or load_function(config.function or "")
        self.wants_numbers = config.objective in {"terms", "function"}

    def terms(self, outcome: StepOutcome | None, numbers: Numbers) -> Terms:
        """Return the named terms; whole arrays, too, but for a function not written for them.

        ``outcome`` may be None where it ``wants_numbers``.
        """
        if self.function is not None:
            return _named(self.function, numbers)
        if self._weights:
            return {name: weight * (1.0 * numbers[name]) for name, weight in self._weights.items()}
        assert outcome is not None  # noqa: S101 - see above
        return terms(outcome, self._config, self._prices)


def load_function(text: str) -> RewardFunction:
    """Return the function of ``module:name``, of a module that Python finds.

    The working directory is not looked in: a configuration may be a stranger's, and what lies beside it is never run.

    Raises:
        InputError: there is none; the message says why.
    """
    module_name, _, name = text.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        remedy = "install it, or name its folder in PYTHONPATH"
        raise InputError(f"reward.function {text}: cannot be imported: {error}; {remedy}") from None
    function: Any = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"reward.function {text}: {module_name} has no function {name}")
    _check(text, function)
    found: RewardFunction = function
    return found


def one_by_one(function: RewardFunction) -> RewardFunction:
    """Return the function for many environments at once: it is called for each of them, with numbers."""

    def each(numbers: Numbers) -> Any:
        size = np.size(numbers[ENDS[0]])
        if np.ndim(numbers[ENDS[0]]) == 0:
            return function(numbers)
        told = [
            _named(function, {name: value[row] if np.ndim(value) else value for name, value in numbers.items()})
            for row in range(size)
        ]
        return {name: np.array([one[name] for one in told], dtype=np.float64) for name in told[0]}

    each.__name__, each.__module__ = getattr(function, "__name__", "each"), function.__module__
    return each


def _named(function: RewardFunction, numbers: Numbers) -> Terms:
    many = np.ndim(numbers[ENDS[0]])
    try:
        said = function(numbers)
    except ValueError as error:
        if many and "truth value" in str(error):
            raise InputError(
                f"reward.function {name_of(function)}: takes one environment at a time ({error}); use np.where in it, "
                "or wrap it in autoscaling_env.objective.one_by_one"
            ) from error
        raise
    return dict(said) if isinstance(said, Mapping) else {ALONE: said}


def _check(text: str, function: RewardFunction) -> None:
    try:
        inspect.signature(function).bind({})
    except TypeError as error:
        raise InputError(f"reward.function {text}: is called with the step's numbers: {error}") from None
    except ValueError:
        return  # a built-in that does not tell what it takes
