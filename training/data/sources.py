"""The curated list of what the model learns from: every source has a name, a fixed version and a licence.

The list is data (`sources.json`), so that a reader can check it without reading code, and so that the
model card can be written from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SOURCES_FILE = Path(__file__).with_name("sources.json")

PERMISSIVE = frozenset({"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "0BSD"})

Kind = Literal["stdlib", "pip", "npm", "git"]


class SourceListError(ValueError):
    """The committed list breaks one of its own rules; the message names the entry."""


@dataclass(frozen=True)
class Source:
    """One package or repository.

    `version` is a package version, or the commit for a repository. `held_out` sources are never trained
    on: the split goes by package, because files of one package quote each other.
    """

    name: str
    kind: Kind
    version: str
    licence: str
    language: str
    held_out: bool = False

    @property
    def slug(self) -> str:
        """The name as a file name (`owner+name` for a repository, `scope+name` for a scoped package)."""
        return self.name.lstrip("@").replace("/", "+")


def load_sources(path: Path = SOURCES_FILE) -> list[Source]:
    """Reads and checks the list.

    Raises SourceListError for a licence that is not permissive, a missing version, or a name given twice.
    """
    sources: list[Source] = []
    seen: set[tuple[str, str]] = set()
    for entry in json.loads(path.read_text(encoding="utf-8"))["sources"]:
        version = entry.get("commit") or entry.get("version")
        if not version:
            raise SourceListError(f"{entry['name']} has neither a version nor a commit in {path.name}.")
        if entry["licence"] not in PERMISSIVE:
            raise SourceListError(f"{entry['name']} has the licence {entry['licence']}, which is not allowed.")
        key = (entry["kind"], entry["name"])
        if key in seen:
            raise SourceListError(f"{entry['name']} stands twice in {path.name}.")
        seen.add(key)
        sources.append(
            Source(
                name=entry["name"],
                kind=entry["kind"],
                version=version,
                licence=entry["licence"],
                language=entry["language"],
                held_out=entry.get("held_out", False),
            )
        )
    return sources
