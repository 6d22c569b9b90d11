"""Turns the corpus into token files: `python -m training.data.packing --corpus DIR --tokenizer DIR --out DIR`.

A split is `NAME.u16` (little-endian 16-bit tokens, documents in shuffled order; `NAME.u32` where a vocabulary is too
large for them) and `NAME.documents.npy` (where each document starts). Every document opens with its header:
`<|bos|>`, language, `<|file|>`, base name of the file, `<|file|>`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from tokenizers import Tokenizer

from training.data.cache import CACHE
from training.data.corpus import Document, read_documents
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import BOS, FILE, LANGUAGE_TOKENS, SPECIAL_IDS

BATCH = 512


@dataclass(frozen=True)
class Packed:
    """One split, mapped from disk: `tokens` (n,) uint16 or uint32, `starts` (documents,) int64, ascending in text."""

    tokens: np.ndarray
    starts: np.ndarray

    def header_length(self, document: int) -> int:
        """How many tokens of a document are its header."""
        begin = int(self.starts[document])
        opening = self.tokens[begin + 3 : begin + 3 + 64]
        return 3 + int(np.flatnonzero(opening == SPECIAL_IDS[FILE])[0]) + 1

    def document_at(self, place: int) -> int:
        """The number of the document that a token belongs to."""
        return int(np.searchsorted(self.starts, place, side="right")) - 1


def tokenizer_digest(folder: Path) -> str:
    """SHA-256 of tokenizer.json: token files are useless with another tokenizer."""
    return hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()


def encode_documents(tokenizer: Tokenizer, documents: list[Document]) -> list[np.ndarray]:
    """One array of uint16 tokens for each document, header included."""
    names = [PurePosixPath(document.path).name[:40] for document in documents]
    encoded_names = tokenizer.encode_batch_fast(names)
    encoded_texts = tokenizer.encode_batch_fast([document.text for document in documents])
    arrays: list[np.ndarray] = []
    for document, name, text in zip(documents, encoded_names, encoded_texts, strict=True):
        header = [
            SPECIAL_IDS[BOS],
            SPECIAL_IDS[LANGUAGE_TOKENS[document.language]],
            SPECIAL_IDS[FILE],
            *name.ids,
            SPECIAL_IDS[FILE],
        ]
        arrays.append(np.array([*header, *text.ids], dtype="<u2"))
    return arrays


def pack(documents: list[Document], tokenizer: Tokenizer, out: Path, name: str, seed: int = 0) -> int:
    """Writes one split and returns its number of tokens."""
    random.Random(seed).shuffle(documents)
    batches = (documents[first : first + BATCH] for first in range(0, len(documents), BATCH))
    return write_split((array for batch in batches for array in encode_documents(tokenizer, batch)), out, f"{name}.u16")


def write_split(documents: Iterable[np.ndarray], out: Path, file_name: str) -> int:
    """Writes the tokens of a split's documents and where each begins; returns how many tokens there are."""
    out.mkdir(parents=True, exist_ok=True)
    starts: list[int] = []
    total = 0
    with open(out / file_name, "wb") as file:
        for array in documents:
            starts.append(total)
            total += len(array)
            file.write(array.tobytes())
    np.save(out / f"{Path(file_name).stem}.documents.npy", np.array(starts, dtype=np.int64))
    return total


def pack_corpus(corpus: Path, tokenizer: Tokenizer, digest: str, out: Path, seed: int = 0) -> dict[str, int]:
    """Writes both splits of a corpus, and packed.json, which says by `digest` whose tokens they are.

    Returns how many tokens each split has.
    """
    counts = {
        # A header names the language, so a document whose language has no token has no header.
        name: pack(list(read_documents(corpus / f"{name}.jsonl.gz", LANGUAGE_TOKENS)), tokenizer, out, name, seed)
        for name in ("train", "held")
    }
    facts = {"tokenizer": digest, "tokens": counts}
    (out / "packed.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return counts


def load_packed(folder: Path, name: str) -> Packed:
    """Maps a split; raises FileNotFoundError where it has not been packed."""
    wide = folder / f"{name}.u32"
    tokens = np.memmap(wide, "<u4", "r") if wide.exists() else np.memmap(folder / f"{name}.u16", "<u2", "r")
    return Packed(tokens, np.load(folder / f"{name}.documents.npy"))


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus")
    parser.add_argument("--tokenizer", type=Path, default=CACHE / "tokenizer")
    parser.add_argument("--out", type=Path, default=CACHE / "packed")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tokenizer = load_tokenizer(options.tokenizer)
    if tokenizer.get_vocab_size() > 2**16:
        sys.exit("Token files hold 16-bit tokens: choose a vocabulary of at most 65,536.")
    print(
        json.dumps(
            pack_corpus(options.corpus, tokenizer, tokenizer_digest(options.tokenizer), options.out, options.seed)
        )
    )


if __name__ == "__main__":
    main()
