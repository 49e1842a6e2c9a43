"""What contributors and their machines run: hooks before a commit, continuous integration, hygiene of files."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from assets.core.paths import PROJECT_ROOT
from tests.hygiene import MAX_BYTES, find_problems, find_subject_problem

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW = (PROJECT_ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
JOB = yaml.safe_load(WORKFLOW)["jobs"]["test"]
HOOKS = yaml.safe_load((PROJECT_ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
TRACKED = (".ci", ".github", "assets", "benchmarks", "deploy", "docs", "pipelines", "sql", "tests")
# What git and coverage leave at the top of a checkout; .git is a file in a worktree.
UNTRACKED = re.compile(r"\.git|\.coverage.*")
# Files as others send them, with whatever line ends they have.
SENT = (PROJECT_ROOT / "tests" / "fixtures", PROJECT_ROOT / "tests" / "intake_cases" / "cases")


def list_tracked_files() -> Iterator[Path]:
    yield from (file for file in PROJECT_ROOT.iterdir() if file.is_file() and not UNTRACKED.fullmatch(file.name))
    for folder in TRACKED:
        yield from (
            file
            for file in (PROJECT_ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts and not any(file.is_relative_to(s) for s in SENT)
        )


def test_every_python_of_the_workflow_is_one_the_project_supports_and_none_is_left_out() -> None:
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    tested = JOB["strategy"]["matrix"]["python"]
    assert tested == [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in supported]
    assert "${{ matrix.python }}" in JOB["container"]


def test_the_workflow_calls_the_command_of_the_project_in_ci() -> None:
    runs = [step["run"] for step in JOB["steps"] if "run" in step]
    assert runs == ["bash .ci/run", "make coverage"]
    assert (PROJECT_ROOT / ".ci" / "run").is_file()
    assert JOB["env"] == {"CI": "true"}


def test_coverage_is_measured_on_a_python_of_the_matrix_and_has_a_floor() -> None:
    (step,) = (step for step in JOB["steps"] if step.get("run") == "make coverage")
    (python,) = re.findall(r"matrix\.python == '([\d.]+)'", step["if"])
    assert python in JOB["strategy"]["matrix"]["python"]
    assert PROJECT["tool"]["coverage"]["report"]["fail_under"] > 50
    assert PROJECT["tool"]["coverage"]["run"]["source"] == ["assets", "pipelines"]


def test_the_workflow_may_only_read_and_its_actions_have_a_version() -> None:
    workflow = yaml.safe_load(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in JOB
    assert "secrets." not in WORKFLOW
    actions = [step["uses"] for step in JOB["steps"] if "uses" in step]
    assert actions
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in actions)
    assert workflow["concurrency"]["group"]


def test_the_hooks_run_programs_of_the_environment_and_download_nothing() -> None:
    assert [repository["repo"] for repository in HOOKS["repos"]] == ["local"]
    hooks = HOOKS["repos"][0]["hooks"]
    assert all(hook["language"] == "system" for hook in hooks)
    lint = re.findall(r"^lint:.*\n((?:\t.*\n)+)", (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    programs = set(re.findall(r"\$\(BIN\)/([\w-]+)", lint[0]))
    entries = {hook["entry"].split()[0] for hook in hooks}
    assert {f".venv/bin/{program}" for program in programs} <= entries
    assert all((PROJECT_ROOT / entry).exists() for entry in entries)


def test_every_file_of_the_project_is_clean() -> None:
    problems = {str(file.relative_to(PROJECT_ROOT)): list(find_problems(file)) for file in list_tracked_files()}
    assert len(problems) > 300
    assert {name: lines for name, lines in problems.items() if lines} == {}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.py", b"x = 1\r\n", "line ends are not LF"),
        ("a.py", b"x = 1", "does not end with one newline"),
        ("a.py", b"x = 1\n\n", "does not end with one newline"),
        ("a.py", b"x = 1 \n", "has spaces at the end of a line"),
        ("a.py", b"<<<<<<< main\n", "holds marks of a merge"),
        ("a.lock", b"--index-url https://example.org\n", "names the address of a package index"),
        ("a.yml", b"a: [\n", "cannot be parsed"),
        ("a.toml", b"a = \n", "cannot be parsed"),
        ("a.json", b"{\n", "cannot be parsed"),
        ("a.png", b"\xff" * (MAX_BYTES + 1), f"{MAX_BYTES + 1} bytes"),
    ],
)
def test_a_problem_of_a_file_is_found(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert any(line.startswith(problem) for line in find_problems(file))


@pytest.mark.parametrize(
    ("subject", "is_accepted"),
    [
        ("fix(intake): keep rows below wrapped headers", True),
        ("docs: describe the glossary", True),
        ("Merge branch 'infra'", True),
        ("keep rows below wrapped headers", False),
        ("fix(intake): keep rows.", False),
        ("fix(intake): " + "x" * 60, False),
    ],
)
def test_the_subject_of_a_commit_is_checked(subject: str, is_accepted: bool) -> None:
    assert (find_subject_problem(f"{subject}\n\nA body.\n") is None) == is_accepted


def test_the_hook_of_a_message_ends_with_an_error(tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_text("no type\n", encoding="utf-8")
    (entry,) = (hook["entry"] for hook in HOOKS["repos"][0]["hooks"] if hook["id"] == "commit-subject")
    done = subprocess.run([*entry.split(), str(message)], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "subject is not" in done.stderr
