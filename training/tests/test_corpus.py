"""What is kept, what is dropped and why; packages that are gone; near-duplicates across the split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from training.data import corpus
from training.data.corpus import build, documents_of, read_documents
from training.data.downloads import SourceGone
from training.data.duplicates import NearDuplicates
from training.data.filters import clean, is_test, language_of, reason_to_drop
from training.data.sources import Source, SourceListError, load_sources

CODE = "".join(f"def function_{n}(value):\n    return value + other_{n * 7}\n\n" for n in range(20))
PACKAGE = Source("some", "pip", "1.0", "MIT", "python")


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("a.py", CODE, None),
        ("pip/_vendor/a.py", CODE, "vendored"),
        ("a.min.js", CODE, "generated"),
        ("types/a.d.ts", CODE, "generated"),
        ("a.py", "# Auto-generated, do not edit\n" + CODE, "generated"),
        ("a.py", "x = 1\n", "tiny"),
        ("a.js", "var a=1;" * 200, "minified"),
        ("a.py", CODE + "-----BEGIN RSA PRIVATE KEY-----\n", "secret"),
        ("a.py", "# GNU General Public License\n" + CODE, "other licence"),
        ("a.py", "".join(f"{n}, {n * n},\n" for n in range(400)), "data table"),
    ],
)
def test_reason_to_drop(path: str, text: str, reason: str | None) -> None:
    assert reason_to_drop(path, text.encode()) == reason


def test_text_is_cleaned_and_languages_are_told_by_ending() -> None:
    assert clean(b"\xef\xbb\xbfa\r\nb\r\n\n\n") == "a\nb\n"
    assert [language_of(path) for path in ("a.tsx", "b.mjs", "c.py", "d.rs", "Makefile")] == [
        "typescript",
        "javascript",
        "python",
        None,
        None,
    ]
    assert is_test("pkg/tests/a.py")
    assert is_test("src/a.spec.ts")
    assert not is_test("src/contest.ts")


def test_tests_are_capped_at_a_share_of_their_package() -> None:
    report: Counter[str] = Counter()
    files = [("a.py", CODE.encode()), *((f"tests/test_{n}.py", CODE.encode()) for n in range(5))]
    kept = documents_of(PACKAGE, iter(files), report)
    assert [document.path for document in kept] == ["a.py"]
    assert report["tests"] == 5 * len(clean(CODE.encode()))


def test_near_duplicates_are_found_and_different_files_are_not() -> None:
    seen = NearDuplicates()
    assert seen.is_new(CODE)
    assert not seen.is_new(CODE.replace("function_3", "renamed_3"))
    assert seen.is_new(CODE.replace("function", "method").replace("other", "another"))


def test_a_source_that_is_gone_is_skipped_and_held_out_text_never_reaches_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Source("held", "pip", "1.0", "MIT", "python", held_out=True)
    gone = Source("gone", "pip", "9.9", "MIT", "python")

    def read(source: Source, *_: object) -> list[tuple[str, bytes]]:
        if source.name == "gone":
            raise SourceGone("gone 9.9: no such package.")
        return [("copied.py", CODE.encode())]

    monkeypatch.setattr(corpus, "read_source", read)
    report = build([PACKAGE, gone, held], tmp_path, tmp_path, None)
    assert report["gone"] == ["gone"]
    assert "Skipped: gone 9.9" in capsys.readouterr().err
    assert [document.source for document in read_documents(tmp_path / "held.jsonl.gz")] == ["held"]
    assert list(read_documents(tmp_path / "train.jsonl.gz")) == []


def test_the_committed_list_is_sound(tmp_path: Path) -> None:
    sources = load_sources()
    assert {source.kind for source in sources} == {"stdlib", "pip", "npm", "git"}
    assert {source.language for source in sources if source.held_out} == {
        "python",
        "typescript",
        "javascript",
    }
    bad = tmp_path / "sources.json"
    bad.write_text(
        '{"sources": [{"name": "x", "kind": "pip", "version": "1", "licence": "GPL-3.0", "language": "python"}]}'
    )
    with pytest.raises(SourceListError, match=r"x has the licence GPL-3\.0"):
        load_sources(bad)
