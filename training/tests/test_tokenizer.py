"""Every text comes back byte for byte, and special tokens have fixed ids."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import SPECIAL_TOKENS
from training.tests.conftest import Data

TEXTS = [
    "def f(x):\n    return x\n",
    "a\r\n\tb\r\n\r\n  c",
    "naïve = '𝒳 😀 日本語'\n",
    "\ufeffconst x = 1;",
    "   trailing   \n\n\n",
    "x = 1234567890.5e-7",
    "\x00\x01\u2028\u00a0e\u0301",
    "<|mask|> is text here, and <|end|> too",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_round_trip(data: Data, text: str) -> None:
    tokenizer = load_tokenizer(data.tokenizer)
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert all(number >= len(SPECIAL_TOKENS) for number in ids)


def test_special_tokens_come_first_and_are_found_by_name(data: Data) -> None:
    tokenizer = Tokenizer.from_file(str(data.tokenizer / "tokenizer.json"))
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(18))
    assert tokenizer.normalizer is None
    config = json.loads((data.tokenizer / "tokenizer_config.json").read_text())
    assert config["mask_token"] == "<|mask|>"
    assert config["added_tokens_decoder"]["4"]["content"] == "<|end|>"


def test_digits_stand_alone_and_a_line_break_keeps_its_indentation(data: Data) -> None:
    tokenizer = load_tokenizer(data.tokenizer)
    assert tokenizer.encode("2048").tokens == ["2", "0", "4", "8"]
    assert tokenizer.decode([tokenizer.encode("x\n    y").ids[1]]) == "\n    "
