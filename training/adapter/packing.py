"""Text as a base's tokens: `python -m training.adapter.packing --base FILE_OR_FOLDER --data TEXT --out DIR`.

TEXT is a folder with the train.jsonl.gz (and held.jsonl.gz) of training.data.corpus, or any folder of source files, of
which every twentieth is held out. Splits are written as training.data.packing writes them, in 32 bits and without its
headers: each document is what the base knows, text and the token that ends it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.adapter.base import open_base
from training.adapter.tokens import encode, end_of_text, vocabulary_digest
from training.convert.base import BaseError
from training.data.corpus import read_documents
from training.data.filters import clean, language_of, reason_to_drop
from training.data.packing import BATCH, Packed, load_packed, write_split

SOURCE = "source.txt"
"""In a run's packed folder: the text that it is of."""
FACTS = "packed.json"
HELD_OUT = 20
SPLITS = ("train", "held")


class DataError(Exception):
    """The data cannot be used; the message is a sentence that says what to do."""


def texts_of(folder: Path) -> dict[str, list[str]]:
    """The texts of both splits; raises DataError where there are too few."""
    splits: dict[str, list[str]] = {name: [] for name in SPLITS}
    corpus = {name: folder / f"{name}.jsonl.gz" for name in SPLITS}
    if corpus["train"].exists():
        for name, file in corpus.items():
            if file.exists():
                splits[name] = [document.text for document in read_documents(file)]
        if not corpus["held"].exists():
            random.Random(0).shuffle(splits["train"])
            splits["held"] = splits["train"][::HELD_OUT]
            del splits["train"][::HELD_OUT]
    else:
        for path, text in _sources(folder):
            splits["train" if zlib.crc32(path.encode()) % HELD_OUT else "held"].append(text)
    for name, texts in splits.items():
        if not texts:
            raise DataError(
                f"{folder} has no text for the split {name}: give a folder of more source files, or a corpus."
            )
    return splits


def _sources(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if file.is_file() and language_of(path) is not None:
            data = file.read_bytes()
            if reason_to_drop(path, data) is None:
                yield path, clean(data)


def pack_texts(splits: dict[str, list[str]], tokenizer: Tokenizer, out: Path, seed: int = 0) -> dict[str, int]:
    """Writes both splits and, last, what says whose tokens they are; returns how many tokens each split has."""
    end = end_of_text(tokenizer)
    closing = [] if end is None else [end]

    def documents(texts: list[str]) -> Iterator[np.ndarray]:
        random.Random(seed).shuffle(texts)
        for first in range(0, len(texts), BATCH):
            for ids in encode(tokenizer, texts[first : first + BATCH]):
                yield np.array([*ids, *closing], dtype="<u4")

    counts = {name: write_split(documents(texts), out, f"{name}.u32") for name, texts in splits.items()}
    facts = {"tokenizer": vocabulary_digest(tokenizer), "tokens": counts}
    (out / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return counts


def packed_folder(data: Path, tokenizer: Tokenizer, run: Path) -> Path:
    """Where the tokens of `data` are: there, or in the run's folder, where text is packed once.

    Raises DataError where they are another base's, or the run has been packed from another folder.
    """
    folder = data if (data / FACTS).exists() else run / "packed"
    if not (folder / FACTS).exists():
        pack_texts(texts_of(data), tokenizer, folder)
        (folder / SOURCE).write_text(str(data.resolve()), encoding="utf-8")
    source = folder / SOURCE
    # What is gone cannot be meant: on another machine a run goes on without its text.
    if (
        folder != data
        and data.exists()
        and source.exists()
        and source.read_text(encoding="utf-8") != str(data.resolve())
    ):
        raise DataError(
            f"{run} has the text of {source.read_text(encoding='utf-8')}: go on with that, or begin another run."
        )
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    if facts.get("tokenizer") != vocabulary_digest(tokenizer):
        raise DataError(f"{folder} has the tokens of another base: pack the text again (training.adapter.packing).")
    return folder


def open_splits(folder: Path) -> dict[str, Packed]:
    """Both splits of a folder, mapped from disk."""
    return {name: load_packed(folder, name) for name in SPLITS}


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        print(json.dumps(pack_texts(texts_of(options.data), open_base(options.base).tokenizer, options.out)))
    except (BaseError, DataError) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The tokens could not be written to {options.out}: {error.strerror}. Free some space and run again.")


if __name__ == "__main__":
    main()
