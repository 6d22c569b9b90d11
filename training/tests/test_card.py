"""The cards of the models that ship are what training.release.card writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.release.card import CARD, card_of
from training.release.card_parts import spans_tables
from training.release.facts import RECORDS, Spans, recorded

MODELS = Path(__file__).parents[2] / "models"


def test_every_model_that_ships_has_a_record() -> None:
    assert {file.stem for file in RECORDS.glob("*.toml")} == {folder.name for folder in MODELS.iterdir()}


@pytest.mark.parametrize("name", ["coder", "starter"])
def test_writing_a_card_again_changes_nothing(name: str) -> None:
    assert card_of(recorded(MODELS / name)) == (MODELS / name / CARD).read_text(encoding="utf-8")


def test_a_table_has_the_languages_of_its_bench_and_says_what_one_span_is() -> None:
    table = spans_tables((Spans("infillingLanguages-coder.md", "Spans"),))
    assert "20 spans, one more or less is 5 points" in table
    assert table.startswith("\n\nSpans, length unknown, to the letter")
    assert "| | Go | Rust | Java | C++ | C# |\n|---|---:|---:|---:|---:|---:|\n| the model alone | 5 % |" in table
