"""gancheng verify: the files of a release against its manifest, and its scores against the originals."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from assets.core.errors import DataError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, ReleaseArgument, line, option, write_result


def verify(
    release: ReleaseArgument = "current",
    *,
    is_deep: Annotated[bool, option("deep", "--deep")] = False,
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Compare every file of a release with its manifest, and on request every figure with the originals."""
    from assets.release.publish.retention import verify_release

    paths = Paths.from_environment()
    verified = verify_release(paths, release)
    proof = _prove(paths, release) if is_deep and not verified.issues else {}
    issues = (*verified.issues, *proof.pop("issues", ()))
    if issues and not as_json:
        raise DataError(issues)
    damages = [{"code": issue.code, "file": issue.file} for issue in issues]
    content = {"release_id": verified.release_id, "files": verified.files, "damages": damages, **proof}
    text = [line("verified", language, release=verified.release_id, files=verified.files)]
    if proof:
        names = ", ".join(proof["as_published"])
        text.append(line("proven", language, **{**proof, "as_published": names}))
    write_result(as_json, content, lambda: "\n".join(text))
    if damages:
        raise typer.Exit(DATA_FAILED)


def _prove(paths: Paths, text: str) -> dict[str, Any]:
    from dataclasses import asdict

    from assets.release.read.reader import get_release
    from pipelines.cli.lineage import prove_release

    proof = prove_release(paths, get_release(paths, text))
    return {**asdict(proof), "issues": proof.issues}
