"""Rules for every text file of the project and for the subject of a commit; pre-commit calls it with file names.

Here: line ends, the last newline, spaces at line ends, marks of a merge, syntax of YAML, TOML and JSON, size, and no
address in a lock. Not here: what ruff, sqlfluff, mypy and import-linter check.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 500_000
# Text that is shown with its spaces, or where two of them are a line break.
SPACES_ARE_CONTENT = (".md", ".ipynb", ".csv", ".svg")
PARSERS: dict[str, Callable[[str], object]] = {
    ".yml": lambda text: list(yaml.compose_all(text, Loader=_LOADER)),
    ".yaml": lambda text: list(yaml.compose_all(text, Loader=_LOADER)),
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".ipynb": json.loads,
}
SUBJECT = re.compile(r"(feat|fix|data|docs|test|refactor|perf|build)(\([a-z-]+\))?!?: [^ ].*[^ .]|Merge .*|Revert .*")
MAX_SUBJECT = 72


def find_problems(file: Path) -> Iterator[str]:
    """Yield each problem of a file as one line of text; a file that is not UTF-8 is only measured."""
    content = file.read_bytes()
    if len(content) > MAX_BYTES:
        yield f"{len(content)} bytes, at most {MAX_BYTES}"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    if "\r" in text:
        yield "line ends are not LF"
    if text and file.suffix != ".svg" and (not text.endswith("\n") or text.endswith("\n\n")):
        yield "does not end with one newline"
    if re.search(r"^(<<<<<<<|>>>>>>>) ", text, re.MULTILINE):
        yield "holds marks of a merge"
    if file.suffix not in SPACES_ARE_CONTENT and re.search(r"[ \t]$", text, re.MULTILINE):
        yield "has spaces at the end of a line"
    if file.suffix == ".lock" and "://" in text:
        yield "names the address of a package index"
    if file.suffix in PARSERS:
        try:
            PARSERS[file.suffix](text)
        except (ValueError, yaml.YAMLError) as error:
            yield f"cannot be parsed: {error}"


def find_subject_problem(message: str) -> str | None:
    """Return why the first line of a commit message breaks the rule of CONTRIBUTING.md, None where it does not."""
    subject = message.partition("\n")[0]
    if len(subject) > MAX_SUBJECT:
        return f"subject has {len(subject)} characters, at most {MAX_SUBJECT}"
    return None if SUBJECT.fullmatch(subject) else "subject is not `type(scope): what it does`, without a full stop"


def main(arguments: list[str]) -> int:
    """Print what is wrong with the files, or with the message in the file after `--commit-message`."""
    if arguments[:1] == ["--commit-message"]:
        problem = find_subject_problem(Path(arguments[1]).read_text(encoding="utf-8"))
        lines = [problem] if problem else []
    else:
        lines = [f"{name}: {problem}" for name in arguments for problem in find_problems(Path(name))]
    sys.stderr.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
