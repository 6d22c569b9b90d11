"""A base with a cut vocabulary: `python -m training.convert.cut --base FILE.gguf --corpus DIR --out DIR`.

`--tokenizer DIR` instead of `--corpus` takes the vocabulary of an earlier cut, where the corpus is not at hand.

Writes a checkpoint folder that `training.run.train --start-from` goes on from: the base's weights, the rows of its
embedding that the corpus uses, and our special tokens in front, each begun from a base token of the same meaning.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, pre_tokenizers
from torch import Tensor

from training.convert.base import Base, BaseError, read_base
from training.convert.prune import byte_level, count_tokens, prune
from training.data.cache import CACHE
from training.data.corpus import read_documents
from training.data.tokenizer import load_tokenizer, save_tokenizer
from training.data.vocabulary import BOS, END, FILE, HOLE, LANGUAGE_TOKENS, SPECIAL_TOKENS
from training.model.weights_file import save_weights

VOCABULARY = 16_384
BATCH = 256
BEGUN_FROM = {BOS: "<|endoftext|>", END: "<|im_end|>", FILE: "<filename>", HOLE: "<|im_start|>"}
"""The base's token that each of ours begins with; languages begin with their name, the rest with the mean."""
LANGUAGE_NAMES = {"csharp": "C", "cpp": "C", "javascript": "JavaScript", "typescript": "Type"}


def cut_tokenizer(base: Base, batches: Iterator[list[str]], size: int) -> tuple[Tokenizer, list[str]]:
    """The tokenizer of `size` tokens, special ones first, and its ordinary tokens in order of id."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    rank = {token: number for number, token in enumerate(base.tokens)}
    # Bytes that the base has no token for (most are in no UTF-8 text): each gets one, so that every text comes back.
    rank |= {letter: len(rank) + number for number, letter in enumerate(x for x in alphabet if x not in rank)}
    counts = count_tokens(byte_level(rank, base.merges), batches)
    merges = prune(base.merges, counts, size - len(SPECIAL_TOKENS) - len(alphabet))
    kept = sorted({*alphabet, *(left + right for left, right in merges)}, key=rank.__getitem__)
    vocabulary = {token: number for number, token in enumerate([*SPECIAL_TOKENS, *kept])}
    tokenizer = byte_level(vocabulary, merges)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return tokenizer, kept


def read_cut(folder: Path, base: Base) -> tuple[Tokenizer, list[str]]:
    """Tokenizer and ordinary tokens of an earlier cut of the same base; raises BaseError where it is another's."""
    tokenizer = load_tokenizer(folder)
    ids = tokenizer.get_vocab()
    tokens = sorted(ids, key=ids.__getitem__)
    kept = tokens[len(SPECIAL_TOKENS) :]
    foreign = {*kept} - {*base.tokens} - {*pre_tokenizers.ByteLevel.alphabet()}
    if tokens[: len(SPECIAL_TOKENS)] != SPECIAL_TOKENS or foreign:
        raise BaseError(f"{folder} is not a cut of {base.name}'s vocabulary: cut it from a corpus (--corpus).")
    return tokenizer, kept


def cut_embedding(base: Base, kept: list[str]) -> Tensor:
    """Rows of the base's embedding (fp32) for our special tokens and the kept ones, in order of id."""
    rank = {token: number for number, token in enumerate(base.tokens)}
    table = base.tensors["embed_tokens.weight"]
    begun = dict(BEGUN_FROM)
    for language, token in LANGUAGE_TOKENS.items():
        begun[token] = "Ġ" + LANGUAGE_NAMES.get(language, language.capitalize())
    mean = table[[rank[token] for token in kept if token in rank]].mean(0)
    wanted = [*(begun.get(token) for token in SPECIAL_TOKENS), *kept]
    return torch.stack([table[rank[token]] if token in rank else mean for token in wanted])


def write_folder(base: Base, tokenizer: Tokenizer, embedding: Tensor, out: Path) -> None:
    """Writes the checkpoint folder whole or not at all."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        save_tokenizer(tokenizer, partial)
        model = replace(base.model, vocabulary=len(embedding))
        config = model.to_checkpoint(model.positions)
        (partial / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        tensors = {**base.tensors, "embed_tokens.weight": embedding}
        metadata = {"format": "pt", "base": json.dumps({"name": base.name, "sha256": base.sha256})}
        save_weights(
            {f"model.{name}": tensor.contiguous() for name, tensor in tensors.items()},
            partial / "model.safetensors",
            metadata,
        )
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _batches(corpus: Path, share: float) -> Iterator[list[str]]:
    generator = random.Random(0)
    batch: list[str] = []
    for document in read_documents(corpus / "train.jsonl.gz"):
        if generator.random() < share:
            batch.append(document.text)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def main() -> None:
    """Command line entry; every foreseeable failure ends with a sentence and exit status 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="GGUF file of the base")
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus")
    parser.add_argument("--tokenizer", type=Path, help="folder of an earlier cut, whose vocabulary is taken")
    parser.add_argument("--share", type=float, default=0.25, help="share of the corpus that tokens are counted in")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument("--out", type=Path, default=CACHE / "base")
    options = parser.parse_args()
    try:
        base = read_base(options.base)
        if options.tokenizer is not None:
            tokenizer, kept = read_cut(options.tokenizer, base)
        else:
            tokenizer, kept = cut_tokenizer(base, _batches(options.corpus, options.share), options.vocabulary)
        write_folder(base, tokenizer, cut_embedding(base, kept), options.out)
    except BaseError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or options.out} cannot be used: {error.strerror}. Nothing half-written is left.")
    size = tokenizer.get_vocab_size()
    print(f"{base.name} ({base.licence}, sha256 {base.sha256[:12]}): {len(base.tokens)} → {size} tokens")


if __name__ == "__main__":
    main()
