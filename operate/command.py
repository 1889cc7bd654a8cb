"""What a worker's command really runs: shells, init programs and ``env`` in front of it are seen through."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

#: Shells that take a line with ``-c``.
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"})
#: Programs that run another one and hand signals on to it, or become it; those of them that have a word more.
IN_FRONT = {
    "env": 0, "exec": 0, "nice": 0, "tini": 0, "dumb-init": 0, "catatonit": 0, "gosu": 1, "su-exec": 1, "setpriv": 0,
    "stdbuf": 0, "ionice": 0, "chrt": 0, "uv": 1, "poetry": 1, "pipenv": 1, "pdm": 1, "ddtrace-run": 0,
    "newrelic-admin": 1, "opentelemetry-instrument": 0,
}  # fmt: skip
#: What stands around a worker in a shell's line and is none.
_SMALL = frozenset({"cd", "echo", "exit", "export", "set", "sleep", "test", "[", "trap", "true", "ulimit", "wait", "."})
#: Options of these that take their value as a word of its own.
_WITH_VALUE = frozenset({"-n", "-u", "-C", "-e", "-g", "-c", "-p", "-s"})
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_PYTHON = re.compile(r"^(python|pypy)[0-9.]*$")
_ENDS = frozenset({"&&", "||", ";", "&", "\n"})
_PIPES = frozenset({"|", "|&"})


def name_of(word: str) -> str:
    """Return a program's name without its folder."""
    return PurePosixPath(word).name


def shell_line(words: Sequence[str]) -> str | None:
    """Return the line that a shell is given by ``-c``; None: no shell runs the worker."""
    rest = _behind(words)
    if rest and name_of(rest[0]) == "busybox":
        rest = rest[1:]
    if not rest or name_of(rest[0]) not in SHELLS:
        return None
    for at, word in enumerate(rest[1:], start=1):
        if not word.startswith("-"):
            return None  # a script, which nobody sees here
        if "c" in word.lstrip("-") and not word.startswith("--"):
            return rest[at + 1] if at + 1 < len(rest) else None
    return None


def commands(line: str) -> list[tuple[list[str], str]]:
    """Return the simple commands of a shell's line, each with what stands after it: ``&&``, ``;``, ``|``, or ""."""
    lexer = shlex.shlex(line.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    found: list[tuple[list[str], str]] = []
    words: list[str] = []
    try:
        for token in lexer:
            if token in _ENDS | _PIPES:
                found.append((words, token))
                words = []
            else:
                words.append(token)
    except ValueError:  # a quotation mark without its other one
        words = line.split()
    found.append((words, ""))
    return [(each, end) for each, end in found if each]


def becomes(line: str) -> bool:
    """Return whether the shell becomes the worker for certain: the last command, and no part of a pipe, is `exec`."""
    found = commands(line)
    piped = len(found) > 1 and found[-2][1] in _PIPES
    return bool(found) and found[-1][1] == "" and not piped and _plain(found[-1][0])[:1] == ["exec"]


def program(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the program itself: ``celery worker`` of ``tini -- sh -c "exec celery worker"``.

    Of a shell's line it is the command after ``exec``, else the last one that others do not feed into; of
    ``python -m celery`` the module, as if it were a program.
    """
    line = shell_line(words)
    if line is None:
        return tuple(_module(_behind(words)))
    found = [(_plain(each), end) for each, end in commands(line)]
    execs = [each for each, _ in found if each[:1] == ["exec"]]
    feeding = [each for each, end in found if end in _PIPES]
    others = [each for each, _ in found if each and each[0] not in _SMALL]
    chosen = (execs or feeding or others or [[]])[-1]
    return program(_behind(chosen)) if chosen and list(chosen) != list(words) else ()


def option(words: Sequence[str], *names: str) -> str | None:
    """Return the value of an option, given under one of its names; the last one counts; None: it is not given.

    ``--pool=solo``, ``--pool solo``, ``-P solo`` and ``-Psolo`` are understood.
    """
    value: str | None = None
    for at, word in enumerate(words):
        for name in names:
            if word == name:
                value = words[at + 1] if at + 1 < len(words) else ""
            elif word.startswith(f"{name}="):
                value = word[len(name) + 1 :]
            elif len(name) == 2 and name[1] != "-" and word.startswith(name):
                value = word[2:]
    return value


def flagged(words: Sequence[str], *names: str) -> bool:
    """Return whether an option that takes no value is given."""
    return any(word in names for word in words)


def _plain(words: Sequence[str]) -> list[str]:
    """Return a command without the assignments in front of it."""
    rest = list(words)
    while rest and _ASSIGNMENT.match(rest[0]):
        rest.pop(0)
    return rest


def _module(words: list[str]) -> list[str]:
    """Return what follows ``-m`` of a Python, where it runs a module."""
    if not words or not _PYTHON.match(name_of(words[0])):
        return words
    for at, word in enumerate(words[1:], start=1):
        if word == "-m":
            return words[at + 1 :]
        if not word.startswith("-"):
            return words
    return words


def _behind(words: Sequence[str]) -> list[str]:
    """Return what the programs in front run."""
    rest = _plain(words)
    while rest and name_of(rest[0]) in IN_FRONT:
        more = IN_FRONT[name_of(rest.pop(0))]
        while rest and (rest[0].startswith("-") or more or _ASSIGNMENT.match(rest[0])):
            word = rest.pop(0)
            if word == "--":
                more = 0
                break
            if word in _WITH_VALUE and rest:
                rest.pop(0)
            elif not word.startswith("-") and not _ASSIGNMENT.match(word):
                more -= 1
    return rest
