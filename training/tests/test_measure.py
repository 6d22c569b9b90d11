"""The measure is the same quantity for every kind of model, and the report says what was trained."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from training.data.corpus import read_documents
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import SPECIAL_TOKENS
from training.eval.evaluate import draw_cases, token_spans
from training.model.config import ModelConfig
from training.model.decoder import Decoder
from training.study import report as study_report
from training.study import train as study_module
from training.study.measure import Filler
from training.study.plot import Curve, line_chart, round_ticks, smoothed
from training.study.report import CURVES
from training.study.train import Segment, Study, train_arm
from training.tests.conftest import Data

CONFIG = ModelConfig(vocabulary=128, hidden=64, layers=2, heads=1, key_value_heads=1, intermediate=64)
PREFIX, ANSWER, SUFFIX = [5, 7, 60, 70], [80, 81, 82], [90, 91]


@pytest.mark.parametrize("kind", ["next token", "cached", "in place"])
def test_the_answers_probability_is_a_product_of_conditionals(kind: study_module.Kind) -> None:
    torch.manual_seed(0)
    model = Decoder(CONFIG).eval()
    filler = Filler(model, kind)
    # Over all values of the last token, the rest being the same, the probabilities sum to one.
    vocabulary = range(len(SPECIAL_TOKENS), CONFIG.vocabulary)
    before = 2 * filler.nats(PREFIX, ANSWER[:2], SUFFIX) if kind == "next token" else None
    whole = [3 * filler.nats(PREFIX, [*ANSWER[:2], token], SUFFIX) for token in vocabulary]
    total = torch.tensor(whole).neg().logsumexp(0).neg().item()
    if before is not None:
        assert total == pytest.approx(before, rel=1e-4)
    assert 0 < total < min(whole)
    # A model that knows nothing spreads evenly over everything but the special tokens.
    with torch.no_grad():
        model.norm.weight.zero_()
    assert filler.nats(PREFIX, ANSWER, SUFFIX) == pytest.approx(
        torch.log(torch.tensor(float(CONFIG.vocabulary - len(SPECIAL_TOKENS)))).item(), rel=1e-4
    )


def test_only_models_with_a_right_side_use_it() -> None:
    torch.manual_seed(0)
    model = Decoder(CONFIG).eval()
    for kind, uses in (("next token", False), ("cached", True), ("in place", True)):
        filler = Filler(model, kind)
        same = filler.nats(PREFIX, ANSWER, SUFFIX) == filler.nats(PREFIX, ANSWER, [100, 101])
        assert same is not uses
        assert (filler.fill(PREFIX, SUFFIX, None) is None) is not uses
        assert len(filler.fill(PREFIX, SUFFIX, 3) or []) == 3


def test_the_report_has_what_was_trained_and_says_what_was_not(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    arms = {
        "cached canvases": (Segment("next token", 0.5), Segment("cached", 0.5, warm_up=True)),
        "next token → in place": (Segment("next token", 0.5), Segment("in place", 0.5)),
        "in place from the start": (Segment("in place", 1.0),),
    }
    for module in (study_module, study_report):
        monkeypatch.setattr(module, "LENGTH", 64)
        monkeypatch.setattr(module, "ARMS", arms)
    monkeypatch.setattr(study_module, "BATCH", 2)
    monkeypatch.setattr(study_report, "SILENCE_ROWS", 20)
    known = {name: (title, [arm for arm in names if arm in arms], y) for name, (title, names, y) in CURVES.items()}
    monkeypatch.setattr(study_report, "CURVES", known)
    study = Study(tmp_path / "study", data.packed, data.tokenizer, budget=1600, size="smoke")
    for name in ("cached canvases", "next token → in place"):
        train_arm(study, arms[name])
    tokenizer = load_tokenizer(data.tokenizer)
    documents = list(read_documents(data.packed.parent / "corpus" / "held.jsonl.gz"))
    cases = {"python": list(draw_cases(documents, token_spans, tokenizer, 2, 20))}
    text = study_report.report(study, cases)
    assert "| cached canvases | 0.00 |" in text
    assert "Not trained: in place from the start." in text
    shares = dict(study_report.silent_shares(study))
    assert shares["canvas blocks of 16, mask ceiling 1, clipped"] == 0
    assert shares["canvas blocks of 16, mask ceiling 0.1, not clipped"] > 20
    study_report.write_curves(study, tmp_path)
    for name in known:
        ElementTree.parse(tmp_path / f"{name}.svg")


def test_a_chart_places_its_points_inside_and_means_are_means() -> None:
    assert smoothed([(0, 1), (1, 3), (2, 5), (3, 7)], windows=2) == [(0.5, 2), (2.5, 6)]
    assert round_ticks(0.83, 2.9) == [1.0, 1.5, 2.0, 2.5]
    assert round_ticks(3, 3) == [3]
    chart = line_chart("a < b", "x", "y", [Curve("one", [(0, 2), (1, 4)]), Curve("flat", [(0, 3)])])
    root = ElementTree.fromstring(chart)
    lines = [element.attrib["points"] for element in root.iter() if element.tag.endswith("polyline")]
    assert lines[0].split() == ["64.0,328.0", "736.0,20.0"]
