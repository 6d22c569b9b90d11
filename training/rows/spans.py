"""Chooses what is cut out of a text: spans of the sizes that people select, at borders where they type.

All borders are offsets in characters. The parts are tokenised apart afterwards, so that a border inside a
word is as natural to the model as it is to a person who stops typing there.
"""

from __future__ import annotations

import re

import numpy as np

KINDS = {
    "inline": 0.28,
    "rest of line": 0.22,
    "copied": 0.15,
    "whole line": 0.12,
    "several lines": 0.15,
    "empty": 0.08,
}
"""Share of each kind of span."""

WORD_BORDER_SHARE = 0.6
MAX_LINES = 6
MAX_CHARACTERS = 320
_WORD = re.compile(r"\w+|[^\w\s]|\s+")
_NAME = re.compile(r"[^\W\d]\w{3,}")


def choose_span(generator: np.random.Generator, text: str) -> tuple[int, int]:
    """One span as (begin, end), begin ≤ end; an empty span is an insertion."""
    kind = str(generator.choice(list(KINDS), p=list(KINDS.values())))
    if kind == "empty":
        place = _border(generator, text, int(generator.integers(len(text) + 1)))
        return place, place
    if kind == "copied" and (span := _copied(generator, text)):
        return span
    line_begin, line_end = _line(text, int(generator.integers(len(text))))
    if kind == "several lines":
        for _ in range(int(generator.integers(1, MAX_LINES))):
            if line_end < len(text):
                line_end = _line(text, line_end + 1)[1]
    if kind in ("whole line", "several lines"):
        indent = len(text[line_begin:line_end]) - len(text[line_begin:line_end].lstrip())
        begin = line_begin if generator.random() < 0.5 else line_begin + indent
        return begin, min(line_end, begin + MAX_CHARACTERS)
    begin = _border(generator, text, int(generator.integers(line_begin, line_end + 1)))
    if kind == "rest of line":
        return begin, max(begin, min(line_end, begin + MAX_CHARACTERS))
    return begin, _inline_end(generator, text, begin, line_end)


def choose_disjoint(generator: np.random.Generator, text: str, count: int, apart: int = 8) -> list[tuple[int, int]]:
    """Up to `count` spans in ascending order, at least `apart` characters from each other."""
    chosen: list[tuple[int, int]] = []
    for _ in range(2 * count):
        begin, end = choose_span(generator, text)
        if all(end + apart <= other[0] or begin >= other[1] + apart for other in chosen):
            chosen.append((begin, end))
        if len(chosen) == count:
            break
    return sorted(chosen)


def _line(text: str, place: int) -> tuple[int, int]:
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end


def _border(generator: np.random.Generator, text: str, place: int) -> int:
    """Moves a place back to where a word begins, more often than not."""
    if generator.random() >= WORD_BORDER_SHARE:
        return place
    while 0 < place < len(text) and text[place].isalnum() and text[place - 1].isalnum():
        place -= 1
    return place


def _inline_end(generator: np.random.Generator, text: str, begin: int, line_end: int) -> int:
    """A few words further in the same line, or in the middle of a word for a part."""
    words = list(_WORD.finditer(text, begin, line_end))
    if not words:
        return begin
    last = words[min(len(words), int(generator.integers(1, 13))) - 1]
    if generator.random() < WORD_BORDER_SHARE:
        return last.end()
    return int(generator.integers(last.start(), last.end())) + 1


def _copied(generator: np.random.Generator, text: str) -> tuple[int, int] | None:
    """A span that holds a name which stands elsewhere too: copying is half of code."""
    for _ in range(6):
        name = _NAME.search(text, int(generator.integers(len(text))))
        if name and text.count(name.group()) > 1:
            line_begin, line_end = _line(text, name.start())
            before = [word.start() for word in _WORD.finditer(text, line_begin, name.start())][-4:]
            begin = int(generator.choice([*before, name.start()]))
            return begin, max(name.end(), _inline_end(generator, text, name.end(), line_end))
    return None
