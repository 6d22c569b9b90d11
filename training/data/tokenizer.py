"""Trains the tokenizer: `python -m training.data.tokenizer --corpus DIR --out DIR`.

Byte-level BPE without a normaliser, so that every text comes back byte for byte. The pre-tokeniser keeps
a line break and the indentation after it as one piece (9 % fewer tokens on code) and digits one by one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.data.cache import CACHE
from training.data.corpus import read_documents
from training.data.vocabulary import BOS, END, LANGUAGE_TOKENS, MASK, PAD, SPECIAL_TOKENS

VOCABULARY = 8192
MAX_TOKEN_LENGTH = 24
PIECES = r"\n+[ \t]*|\p{N}|[^\r\n\p{L}\p{N}]?\p{L}+| ?[^\s\p{L}\p{N}]+|[ \t]+|\s"
CONTEXT = 2048


def new_tokenizer() -> Tokenizer:
    """An untrained tokenizer with our pre-tokeniser and decoder."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """Learns the merges; special tokens take the first ids, in the order of `vocabulary.py`."""
    tokenizer = new_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=MAX_TOKEN_LENGTH,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the three files that Hugging Face checkpoints carry."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"bos_token": BOS, "eos_token": END, "pad_token": PAD, "mask_token": MASK}
    others = [token for token in SPECIAL_TOKENS if token not in named.values()]
    config = {
        **named,
        "additional_special_tokens": others,
        "added_tokens_decoder": {
            str(number): {
                "content": token,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": True,
            }
            for number, token in enumerate(SPECIAL_TOKENS)
        },
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    special = {**named, "additional_special_tokens": others}
    for name, value in (("tokenizer_config.json", config), ("special_tokens_map.json", special)):
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """Loads a tokenizer for training text, in which the names of special tokens are ordinary text."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer


def sample_texts(corpus: Path, megabytes: float, seed: int) -> list[str]:
    """A sample of the training documents, half of it Python, so that no language owns the vocabulary."""
    texts: dict[bool, list[str]] = {True: [], False: []}
    for document in read_documents(corpus / "train.jsonl.gz", LANGUAGE_TOKENS):
        texts[document.language == "python"].append(document.text)
    chosen: list[str] = []
    for group in texts.values():
        random.Random(seed).shuffle(group)
        size = 0.0
        for text in group:
            if size > megabytes * 1e6 / 2:
                break
            chosen.append(text)
            size += len(text)
    return chosen


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus")
    parser.add_argument("--out", type=Path, default=CACHE / "tokenizer")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument("--megabytes", type=float, default=40, help="how much text to learn the merges from")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not (options.corpus / "train.jsonl.gz").exists():
        sys.exit(f"There is no corpus in {options.corpus}. Run `python -m training.data.corpus` first.")
    tokenizer = train_tokenizer(sample_texts(options.corpus, options.megabytes, options.seed), options.vocabulary)
    save_tokenizer(tokenizer, options.out)
    sizes: dict[str, list[int]] = {}
    for document in read_documents(options.corpus / "held.jsonl.gz", LANGUAGE_TOKENS):
        size = sizes.setdefault(document.language, [0, 0])
        if size[0] < 2_000_000:
            size[0] += len(document.text.encode())
            size[1] += len(tokenizer.encode(document.text).ids)
    for language, (bytes_read, tokens) in sorted(sizes.items()):
        print(f"{language:12} {bytes_read / tokens:.2f} bytes a token on held-out packages")


if __name__ == "__main__":
    main()
