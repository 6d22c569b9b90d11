"""Names and lines that repeat: consistent, and nothing but names changes."""

from __future__ import annotations

import re

import numpy as np

from training.rows.repeats import echo_lines, exchange_names

TEXT = """def total(prices, rate):
    result = 0
    for price in prices:
        result += price * rate
    return result


def mean(prices):
    return total(prices, 1) / len(prices)
"""
OTHER = "class Reader:\n    def consume(self, stream, limit):\n        return stream.fetch(limit, buffer, offset)\n"


def test_names_are_exchanged_everywhere_alike_and_the_rest_stays() -> None:
    changed = exchange_names(np.random.default_rng(0), TEXT, OTHER)
    words = re.compile(r"\w+")
    assert words.sub("x", changed) == words.sub("x", TEXT)
    pairs = set(zip(words.findall(TEXT), words.findall(changed), strict=True))
    mapped = dict(pairs)
    assert len(pairs) == len(mapped)
    assert len(set(mapped.values())) == len(mapped)
    moved = {old for old, new in mapped.items() if old != new}
    assert len(moved) >= 3
    assert moved <= {"prices", "price", "rate", "result", "total"}
    assert {mapped[old] for old in moved} <= set(words.findall(OTHER))
    assert mapped["for"] == "for"
    assert mapped["return"] == "return"


def test_lines_are_repeated_after_themselves_and_the_text_stays_as_long() -> None:
    text = "\n".join(f"line number {number}" for number in range(40))
    repeated = 0
    for seed in range(20):
        echoed = echo_lines(np.random.default_rng(seed), text)
        assert len(echoed) == len(text)
        lines = echoed.split("\n")[:-1]
        assert all(lines.count(line) <= 2 for line in lines)
        repeated += len(set(lines)) < len(lines)
    # What falls off at the end may be the repetition itself, but not often.
    assert repeated > 14


def test_a_text_too_short_to_repeat_stays() -> None:
    assert echo_lines(np.random.default_rng(0), "one\ntwo") == "one\ntwo"
