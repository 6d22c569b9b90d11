"""Makes the context the only place where the right words stand, so that a small model learns to look there.

From plain code a model first learns which names are frequent, and to copy only much later. Attention learns to copy
where the statistics of the corpus do not help but those of the context do ("burstiness": Chan et al. 2022,
arXiv 2205.05055). So in a share of the rows the names are those of another file, or a few lines stand twice.
"""

from __future__ import annotations

import keyword
import re

import numpy as np

_NAME = re.compile(r"[^\W\d]\w{2,}")
# fmt: off
_JAVASCRIPT = [
    "abstract", "any", "boolean", "case", "catch", "const", "constructor", "debugger", "declare", "default",
    "delete", "do", "enum", "export", "extends", "function", "get", "implements", "infer", "instanceof",
    "interface", "keyof", "let", "module", "namespace", "never", "new", "null", "number", "object", "of",
    "private", "protected", "public", "readonly", "require", "satisfies", "self", "set", "static", "string",
    "super", "switch", "symbol", "this", "throw", "typeof", "undefined", "unknown", "var", "void",
]
# fmt: on
_FIXED = frozenset([*keyword.kwlist, *keyword.softkwlist, *_JAVASCRIPT])
EXCHANGED_SHARE = 0.7
"""Of the names that stand more than once."""

MIN_LINES, MAX_LINES = 2, 8


def exchange_names(generator: np.random.Generator, text: str, other: str) -> str:
    """Most names that stand in `text` more than once become names of `other`, each everywhere the same."""
    found = [name for name in _NAME.findall(text) if name not in _FIXED]
    mine = sorted({name for name in found if found.count(name) > 1})
    theirs = sorted({name for name in _NAME.findall(other) if name not in _FIXED}.difference(found))
    generator.shuffle(mine)
    generator.shuffle(theirs)
    chosen = dict(zip(mine[: round(EXCHANGED_SHARE * len(mine))], theirs, strict=False))
    return _NAME.sub(lambda match: chosen.get(match.group(), match.group()), text)


def echo_lines(generator: np.random.Generator, text: str) -> str:
    """Repeats a few lines further down; what that makes too long falls off at the end."""
    lines = text.split("\n")
    if len(lines) < 2 * MIN_LINES:
        return text
    count = int(generator.integers(MIN_LINES, min(MAX_LINES, len(lines) // 2) + 1))
    begin = int(generator.integers(len(lines) - count))
    place = int(generator.integers(begin + count, len(lines)))
    return "\n".join([*lines[:place], *lines[begin : begin + count], *lines[place:]])[: len(text)]
