"""Many transfers, each subject studied once: what to do, what became of it, and a page that shows it.

    pairs = read_jobs(Path("jobs.csv"), Path("out"))
    for outcome in run(pipeline, pairs, Path("out"), consent):
        print(outcome.status, outcome.video)
"""

from __future__ import annotations

from tmt.batch.check import checked
from tmt.batch.jobs import Doing, Outcome, Pair
from tmt.batch.table import all_pairs, read_jobs
from tmt.batch.work import run

__all__ = ["Doing", "Outcome", "Pair", "all_pairs", "checked", "read_jobs", "run"]
