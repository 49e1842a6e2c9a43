"""Reading YAML: one loader for contracts, settings, corrections, approvals and texts.

Here: the loader, which refuses a key that occurs twice (YAML would silently keep the last one), and the description of
its errors. Not here: what a file must contain (the models of its module). Imported only where a file is read, because
commands that read none need not import yaml.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

# What reading a file into a model raises where the file is wrong. ValueError: no UTF-8, an impossible date, or what
# pydantic refuses.
FILE_ERRORS = (yaml.YAMLError, ValueError)
# libyaml is about ten times faster; PyYAML may be installed without it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Parser: Any = getattr(yaml, "CParser", yaml.SafeLoader)
# libyaml builds nodes by recursion in C, which ends the process in deep files; a short text cannot be that deep.
_MAX_SURE_CHARACTERS, _MAX_DEPTH = 10_000, 200
_TOO_DEEP = "nested too deeply"


class UniqueKeyLoader(_SafeLoader):  # type: ignore[misc]
    """The safe loader of YAML that refuses a duplicate key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping of a node; raise `yaml.MarkedYAMLError` where a key occurs twice."""
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            twice = ", ".join(sorted({key for key in keys if keys.count(key) > 1}))
            raise yaml.MarkedYAMLError(problem=f"duplicate key: {twice}", problem_mark=node.start_mark)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def read_yaml(file: Path) -> Any:
    """Return the content of a file.

    Raises:
        yaml.YAMLError: the file cannot be read or is no YAML, is nested too deeply, or has a key twice.
        UnicodeDecodeError: the file is not UTF-8.
    """
    with _explained_errors():
        return yaml.load(_read_text(file), Loader=UniqueKeyLoader)  # noqa: S506 - a safe loader


def read_yaml_list(file: Path) -> list[tuple[yaml.Node, Any]]:
    """Return the entries of a file that is a list, each with its node, which knows its lines.

    Raises:
        yaml.YAMLError, UnicodeDecodeError: as `read_yaml`, and where the file is not a list.
    """
    with _explained_errors():
        loader = UniqueKeyLoader(_read_text(file))
        root = loader.get_single_node()
        if root is None:
            return []
        if not isinstance(root, yaml.SequenceNode):
            raise yaml.MarkedYAMLError(problem="the file must be a list of entries", problem_mark=root.start_mark)
        return [(node, loader.construct_document(node)) for node in root.value]


@contextmanager
def _explained_errors() -> Iterator[None]:
    """Raise YAMLError where the file cannot be read, such as a folder of its name, or Python's stack does not do."""
    try:
        yield
    except RecursionError as error:
        raise yaml.YAMLError(_TOO_DEEP) from error
    except OSError as error:
        raise yaml.YAMLError(error.strerror or str(error)) from error


def _read_text(file: Path) -> str:
    """Return the text of a file that is not nested too deeply; its events need no recursion."""
    text = file.read_text(encoding="utf-8")
    if len(text) > _MAX_SURE_CHARACTERS:
        depth = 0
        events: Iterator[Any] = yaml.parse(text, Loader=_Parser)
        for event in events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=event.start_mark)
    return text


def find_key_line(node: yaml.Node, keys: Iterable[str]) -> int:
    """Return the line of a nested key, or that of the innermost mapping that has no such key; counted from 1."""
    line: int = node.start_mark.line
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        pair = next((pair for pair in pairs if pair[0].value == key), None)
        if pair is None:
            break
        line, node = pair[0].start_mark.line, pair[1]
    return line + 1


def describe_errors(error: yaml.YAMLError | ValueError) -> list[tuple[str, int | None, str | None]]:
    """Return what is wrong in a file, each with the line or the key where it is known."""
    from pydantic import ValidationError  # slow to import, and a file of texts needs no model

    if isinstance(error, ValidationError):
        return [(part["msg"], None, ".".join(map(str, part["loc"])) or None) for part in error.errors()]
    mark = getattr(error, "problem_mark", None)
    return [(str(getattr(error, "problem", None) or error), None if mark is None else mark.line + 1, None)]


def read_texts(file: Traversable) -> dict[str, Any]:
    """Return the nested mappings of a file of texts, every key and every scalar as text.

    `=`, `none` or `-1` are keys like any other; without YAML's types it is also several times faster.

    Raises:
        ValueError: a key occurs twice in a mapping, or the file has a list.
    """
    return _to_mapping(yaml.compose(file.read_text(encoding="utf-8"), Loader=_SafeLoader), file.name)


def _to_mapping(node: yaml.Node | None, name: str) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{name}: texts must be mappings")
    texts: dict[str, Any] = {}
    for key, value in node.value:
        if key.value in texts:
            raise ValueError(f"{name}, line {key.start_mark.line + 1}: duplicate key {key.value}")
        texts[key.value] = value.value if isinstance(value, yaml.ScalarNode) else _to_mapping(value, name)
    return texts
