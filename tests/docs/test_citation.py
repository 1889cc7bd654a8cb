"""What a paper cites is this project in this version, in the Citation File Format 1.2.0."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from autoscaling_env import __version__
from tests.places import ROOT

#: What the format requires, and what we say besides: keys of its guide, "Valid keys".
REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = REQUIRED | {
    "type",
    "abstract",
    "version",
    "keywords",
    "license",
    "url",
    "repository-code",
    "doi",
    "date-released",
}


def citation() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text("utf-8"))
    return found


def test_it_says_what_the_format_requires() -> None:
    found = citation()
    assert REQUIRED <= set(found) <= KNOWN
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "software"
    assert all(isinstance(found[key], str) and found[key] for key in ("message", "title", "abstract"))
    assert found["authors"]
    for author in found["authors"]:
        assert author.get("name") or (author.get("family-names") and author.get("given-names"))


def test_it_is_of_this_version() -> None:
    assert str(citation()["version"]) == __version__
