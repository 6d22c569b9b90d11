"""Held-out infilling: `python -m training.eval.evaluate --model models/starter`.

Prints, for each language and kind of span, the share of exact answers, edit similarity and right first tokens, with
the length known and unknown, beside the copy baseline and the model's own next-token head.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from training.data.cache import CACHE
from training.data.corpus import Document, read_documents
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import BOS, LANGUAGE_TOKENS, SPECIAL_IDS
from training.eval.baselines import copy_nearest, next_token_only
from training.eval.infill import infill, load_model
from training.model.config import BLOCK
from training.model.decoder import Decoder
from training.rows.spans import choose_span

TOKEN_SPAN = "4–12 tokens in a line"
SELECTION = "what people select"
MAX_ANSWER = 48


@dataclass(frozen=True)
class Case:
    """One hole; tokens without the header, which is the language's."""

    language: str
    prefix: list[int]
    answer: list[int]
    suffix: list[int]


def token_spans(document: Document, tokenizer: Tokenizer, generator: np.random.Generator, context: int) -> Case | None:
    """A span of 4 to 12 tokens inside one line, cut at borders of tokens, with at least two that hold a letter."""
    encoding = tokenizer.encode(document.text)
    ids, texts = encoding.ids, [document.text[begin:end] for begin, end in encoding.offsets]
    breaks = [place for place, text in enumerate(texts) if "\n" in text]
    if len(breaks) < 6:
        return None
    line = int(generator.integers(2, len(breaks) - 1))
    begin, end = breaks[line] + 1, breaks[line + 1]
    if end - begin < 6:
        return None
    length = min(int(generator.integers(4, 13)), end - begin)
    place = int(generator.integers(begin, end - length + 1))
    if sum(any(map(str.isalnum, text)) for text in texts[place : place + length]) < 2:
        return None
    stop = place + length
    before = ids[max(0, place - context) : place]
    return Case(document.language, before, ids[place:stop], ids[stop : stop + context])


def selections(document: Document, tokenizer: Tokenizer, generator: np.random.Generator, context: int) -> Case | None:
    """A span as in training, cut anywhere, its three parts tokenised apart."""
    begin, end = choose_span(generator, document.text)
    answer = tokenizer.encode(document.text[begin:end]).ids
    if not 1 <= len(answer) <= MAX_ANSWER:
        return None
    reach = 6 * context
    before = tokenizer.encode(document.text[max(0, begin - reach) : begin]).ids[-context:]
    after = tokenizer.encode(document.text[end : end + reach]).ids[:context]
    return Case(document.language, before, answer, after)


def draw_cases(
    documents: list[Document],
    kind: Callable[[Document, Tokenizer, np.random.Generator, int], Case | None],
    tokenizer: Tokenizer,
    count: int,
    context: int,
) -> Iterator[Case]:
    """The same cases for every model: they depend on the documents and the tokenizer alone."""
    generator = np.random.default_rng(3)
    while count:
        case = kind(documents[int(generator.integers(len(documents)))], tokenizer, generator, context)
        if case is not None and case.prefix:
            yield case
            count -= 1


@dataclass
class Score:
    """Sums over cases of one method."""

    cases: int = 0
    exact: int = 0
    first: int = 0
    similarity: float = 0.0

    def add(self, answer: list[int], truth: list[int], tokenizer: Tokenizer) -> None:
        """Counts one answer; exact means the same text."""
        mine, theirs = tokenizer.decode(answer), tokenizer.decode(truth)
        self.cases += 1
        self.exact += mine == theirs
        self.first += answer[:1] == truth[:1]
        self.similarity += difflib.SequenceMatcher(None, mine, theirs, autojunk=False).ratio()

    def row(self) -> dict[str, float]:
        """Percentages."""
        values = {"exact %": self.exact, "first token %": self.first, "edit similarity %": self.similarity}
        return {name: 100 * value / max(1, self.cases) for name, value in values.items()}


def score_methods(model: Decoder, cases: Iterator[Case], tokenizer: Tokenizer) -> dict[str, Score]:
    """Every method on every case."""
    scores: dict[str, Score] = {}
    for case in cases:
        header = [SPECIAL_IDS[BOS], SPECIAL_IDS[LANGUAGE_TOKENS[case.language]]]
        prefix, length = header + case.prefix, len(case.answer)
        answers = {
            "length unknown": infill(model, prefix, case.suffix).tokens,
            "prefix only, next token, length known": next_token_only(model, prefix, length),
            "copy, length known": copy_nearest(case.prefix, case.suffix, length),
        }
        if length < BLOCK:
            answers["length known"] = infill(model, prefix, case.suffix, length=length).tokens
        for name, answer in answers.items():
            scores.setdefault(name, Score()).add(answer, case.answer, tokenizer)
    return scores


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/starter"))
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus")
    parser.add_argument("--cases", type=int, default=200, help="cases for each language and kind of span")
    parser.add_argument("--context", type=int, default=240, help="tokens on each side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here, for training.release.export --figures")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = load_model(options.model), load_tokenizer(options.model)
    documents = list(read_documents(options.corpus / "held.jsonl.gz"))
    figures: dict[str, dict[str, float]] = {}
    for language in ("python", "typescript"):
        chosen = [document for document in documents if document.language == language]
        for kind, draw in ((TOKEN_SPAN, token_spans), (SELECTION, selections)):
            cases = draw_cases(chosen, draw, tokenizer, options.cases, options.context)
            for method, score in sorted(score_methods(model, cases, tokenizer).items()):
                name = f"{language}, {kind}: {method} ({score.cases})"
                figures[name] = score.row()
                cells = "  ".join(f"{column} {value:5.1f}" for column, value in figures[name].items())
                print(f"{name:85} {cells}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
