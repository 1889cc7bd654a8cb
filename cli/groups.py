"""Options as lines of a table, and groups of them that a command takes as one argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from autoscaling_env.errors import InputError
from cli.completing import Completion

Command = TypeVar("Command", bound=Callable[..., None])
#: Parameter -> (its annotation for Typer, its default).
Declared = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Option:
    """An option that nobody has to give.

    Attributes:
        kind: of its value; a ``bool`` is a switch, which is off.
        help: for ``--help``.
        metavar: what stands for the value there.
        flags: its names; the parameter's if there are none.
        key: the value of the configuration that it sets; "": it does something else.
        least: the smallest value that makes sense, where Typer can check it.
        completion: what the shell offers.
    """

    kind: type
    help: str
    _: KW_ONLY
    metavar: str | None = None
    flags: tuple[str, ...] = ()
    key: str = ""
    least: int | None = None
    completion: Completion | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Options that a command takes together, as one argument.

    Attributes:
        options: what Typer is told of each.
        build: makes the argument from the parameters' values.
    """

    options: Mapping[str, tuple[Any, Any]]
    build: Callable[..., Any]


def flag(name: str) -> str:
    """Return the option of a parameter."""
    return f"--{name.replace('_', '-')}"


def declared(options: Mapping[str, Option]) -> Declared:
    """Return what Typer is told of options, by their parameters."""
    return {name: _declared(name, option) for name, option in options.items()}


def _declared(name: str, option: Option) -> tuple[Any, Any]:
    switch = option.kind is bool
    said = typer.Option(
        *(option.flags or (flag(name),)),
        min=option.least,
        metavar=option.metavar,
        help=option.help,
        autocompletion=option.completion,
    )
    return Annotated[bool if switch else option.kind | None, said], False if switch else None


def takes(**groups: Group) -> Callable[[Command], Command]:
    """Give a command the options of the groups: its parameter of a group's name gets what they were made into."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            made = {
                name: group.build(**{option: given.pop(option) for option in group.options})
                for name, group in groups.items()
            }
            command(**given, **made)

        del run.__wrapped__  # Typer would read the command's own parameters
        run.__signature__ = _signature(command, groups)  # type: ignore[attr-defined]
        run.__annotations__ = {name: each.annotation for name, each in run.__signature__.parameters.items()}  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def refuse_others(context: typer.Context, allowed: Collection[str], why: str) -> None:
    """Raise ``InputError`` for every option that was given and is not among ``allowed`` (parameters' names)."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name is not None
        and parameter.name not in allowed
        and getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT") != "DEFAULT"
    ]
    if given:
        raise InputError(*(f"{option} {why}" for option in given))


def _signature(command: Callable[..., None], groups: Mapping[str, Group]) -> inspect.Signature:
    own = {name: each for name, each in inspect.signature(command).parameters.items() if name not in groups}
    stand_in = type("_", (), {"__annotations__": {name: each.annotation for name, each in own.items()}})
    hints = get_type_hints(stand_in, getattr(command, "__globals__"), include_extras=True)  # noqa: B009 - mypy
    parameters = [each.replace(annotation=hints[name], kind=each.KEYWORD_ONLY) for name, each in own.items()]
    for group in groups.values():
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in group.options.items()
        ]
    return inspect.Signature(parameters)
