"""Rank intervals in processes with one and with two threads."""

from __future__ import annotations

import os
import subprocess
import sys

from assets.core.paths import PROJECT_ROOT


def test_one_and_two_threads_give_the_same_ranks() -> None:
    code = (
        "import hashlib, os, sys, numpy as np; os.cpu_count = lambda: int(sys.argv[1]);"
        "from assets.scorecards.rank_uncertainty import *;"
        "a = np.random.default_rng(5).random((300, 24)) * 100; a[a < 5] = np.nan;"
        "p = ScoreMatrix(a, a, a * 0 + 1, a * 0 + 1, np.zeros(24, bool), np.ones(24), np.repeat(np.arange(6), 4),"
        " np.ones(6)); v = Variations.of('index', 1, 0.25, 0.1);"
        "print(hashlib.sha256(simulate(p, sample_design(p, 400, v), v).tobytes()).hexdigest())"
    )
    result = {
        subprocess.run(
            [sys.executable, "-c", code, threads],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(result) == 1
