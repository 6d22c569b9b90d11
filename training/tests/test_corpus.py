"""What is kept, what is dropped and why; packages that are gone; near-duplicates across the split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from training.data import corpus
from training.data.corpus import build, documents_of, read_documents
from training.data.downloads import SourceGone
from training.data.duplicates import NearDuplicates
from training.data.filters import LANGUAGES, MAIN_LANGUAGES, clean, is_test, language_of, reason_to_drop
from training.data.sources import Source, SourceListError, load_sources
from training.data.vocabulary import FIRST_LANGUAGE_TOKENS, LANGUAGE_TOKENS

CODE = "".join(f"def function_{n}(value):\n    return value + other_{n * 7}\n\n" for n in range(20))
PACKAGE = Source("some", "pip", "1.0", "MIT", "python")


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("a.py", CODE, None),
        ("pip/_vendor/a.py", CODE, "vendored"),
        ("a.min.js", CODE, "generated"),
        ("types/a.d.ts", CODE, "generated"),
        ("api/v1/service.pb.go", CODE, "generated"),
        ("src/Resources.Designer.cs", CODE, "generated"),
        ("src/main/java/org/some/package-info.java", CODE, "generated"),
        ("include/log/fmt/bundled/core.h", CODE, "vendored"),
        ("fmt/core.h", CODE, None),
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
    named = ("a.tsx", "b.mjs", "c.py", "d.rs", "e.go", "F.java", "g.hpp", "H.cs", "i.rb", "Makefile")
    told = ["typescript", "javascript", "python", "rust", "go", "java", "cpp", "csharp", None, None]
    assert [language_of(path) for path in named] == told


@pytest.mark.parametrize(
    "path",
    [
        "pkg/tests/a.py",
        "src/a.spec.ts",
        "server/router_test.go",
        "src/tests.rs",
        "benches/parse.rs",
        "src/test/java/org/some/Anything.java",
        "core/ListTest.java",
        "core/AbstractMapTestCase.java",
        "Src/Some.Tests/Helper.cs",
        "src/ParserSpecs.cs",
        "absl/strings/cord_test.cc",
        "util/arena_benchmark.cc",
        "src/log_unittest.cc",
    ],
)
def test_tests_are_known_by_their_paths(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/contest.ts",
        "src/contest.rs",
        "latest.go",
        "Latest.java",
        "src/Contest.cs",
        "Some.Testing/Clock.cs",
        "latest.h",
    ],
)
def test_other_paths_are_not_taken_for_tests(path: str) -> None:
    assert not is_test(path)


def test_tests_are_capped_at_a_share_of_their_package() -> None:
    report: Counter[str] = Counter()
    files = [("a.py", CODE.encode()), *((f"tests/test_{n}.py", CODE.encode()) for n in range(5))]
    kept = documents_of(PACKAGE, iter(files), report)
    assert [document.path for document in kept] == ["a.py"]
    assert report["tests"] == 5 * len(clean(CODE.encode()))


def test_tests_are_a_share_of_the_code_that_the_cap_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(clean(CODE.encode()))
    monkeypatch.setattr(corpus, "MAX_SOURCE_BYTES", 10 * size)
    files = [(f"{folder}/{n}.py", CODE.encode()) for folder in ("code", "tests") for n in range(20)]
    kept = documents_of(PACKAGE, iter(files), Counter())
    assert [is_test(document.path) for document in kept] == [False] * 10 + [True]


def test_a_source_of_another_language_gives_that_language_alone_and_less_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "MAX_SAMPLE_BYTES", 2 * len(clean(CODE.encode())))
    files = [(path, CODE.encode()) for path in ("a.go", "b.py", "c.ts", "d.go", "e.go")]
    sample = Source("some/server", "git", "0" * 40, "MIT", "go")
    assert [document.path for document in documents_of(sample, iter(files), Counter())] == ["a.go", "d.go"]
    assert [document.path for document in documents_of(PACKAGE, iter(files), Counter())] == ["b.py", "c.ts"]


def test_documents_are_read_back_by_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"some": ("a.py", CODE), "other": ("a.go", CODE.replace("function", "method").replace("other", "another"))}

    def read(source: Source, *_: object) -> list[tuple[str, bytes]]:
        path, text = files[source.name]
        return [(path, text.encode())]

    monkeypatch.setattr(corpus, "read_source", read)
    build([PACKAGE, Source("other", "git", "0" * 40, "MIT", "go")], tmp_path, tmp_path, None)
    train = tmp_path / "train.jsonl.gz"
    assert [document.language for document in read_documents(train)] == ["python", "go"]
    assert [document.language for document in read_documents(train, FIRST_LANGUAGE_TOKENS)] == ["python"]


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
    languages = set(LANGUAGES.values())
    assert {source.language for source in sources if source.held_out} == languages
    assert {source.language for source in sources if not source.held_out} == languages
    assert set(FIRST_LANGUAGE_TOKENS) == MAIN_LANGUAGES
    assert set(LANGUAGE_TOKENS) == languages
    bad = tmp_path / "sources.json"
    bad.write_text(
        '{"sources": [{"name": "x", "kind": "pip", "version": "1", "licence": "GPL-3.0", "language": "python"}]}'
    )
    with pytest.raises(SourceListError, match=r"x has the licence GPL-3\.0"):
        load_sources(bad)
