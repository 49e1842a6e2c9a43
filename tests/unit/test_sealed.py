"""Sealed files: any change of their content is noticed."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assets.core.sealed import read_sealed, seal, seal_earlier_file, unseal
from tests.helpers.proof_scale import inputs

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.text(), VALUES, max_size=5)


@inputs(100, 20_000)
@given(CONTENTS.filter(lambda content: "sha256_of_content" not in content))
def test_what_was_sealed_is_read_as_it_was(content: dict[str, object]) -> None:
    assert unseal(seal(content).encode("utf-8", "surrogatepass")) == content


@inputs(200, 20_000)
@given(CONTENTS.filter(bool), st.data())
def test_a_changed_byte_gives_nothing_or_the_same_content(content: dict[str, object], data: st.DataObject) -> None:
    text = bytearray(seal(content).encode("utf-8", "surrogatepass"))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] ^= data.draw(st.integers(1, 255))
    assert unseal(bytes(text)) in (None, content)


def test_what_is_no_sealed_content_is_nothing(tmp_path: Path) -> None:
    for text in (b"", b"{", b"[1]", b"null", b"{}", b'{"a": 1}', b"[" * 5000, b"\xff"):
        assert unseal(text) is None
    assert read_sealed(tmp_path / "missing") is None
    assert read_sealed(tmp_path) is None


def test_an_earlier_file_is_sealed_once_with_its_time(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"a": 1}')
    os.utime(file, ns=(5, 7_000_000_000))
    seal_earlier_file(file)
    assert (read_sealed(file), file.stat().st_mtime_ns) == ({"a": 1}, 7_000_000_000)
    changed = json.dumps(json.loads(file.read_text()) | {"a": 2})
    file.write_text(changed)
    seal_earlier_file(file)
    assert file.read_text() == changed
