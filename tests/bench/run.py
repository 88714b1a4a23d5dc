#!/usr/bin/env python3
"""Times plainly against git on real repositories, in pairs (git, plainly, git, plainly, ...), whole processes.

    tests/bench/run.py [--runs N] REPOSITORY...

For each repository: a change of about 20 files and a range of about 2,000, both found here, read by
`git diff --numstat -M` and by the bench program `read`; then the whole `plainly preview --format json`.
Prints medians in milliseconds and the median of the ratios of the pairs, of wall time and of the time of all cores,
which says more on a busy machine. Below 1 is faster than git.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def git(repository, *arguments):
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def programs():
    """Builds the bench program, which brings plainly itself with it; gives the paths of both."""
    command = ["cargo", "bench", "--bench", "read", "--no-run", "--message-format=json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    built = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    paths = {message["target"]["name"]: message["executable"] for message in built if message.get("executable")}
    return paths["read"], paths["plainly"]


def count(repository, base, head):
    return len(git(repository, "diff", "--name-only", base, head).splitlines())


def change_of(repository, files):
    """The newest of the last changes that is nearest to so many files."""
    log = git(repository, "log", "--first-parent", "-m", "--no-renames", "--name-only", "--format=%x00%H", "-400")
    sizes = [(abs(len(entry.split()) - 1 - files), at, entry.split()[0]) for at, entry in enumerate(log.split("\0")[1:])]
    head = min(sizes)[2]
    return f"{head}^1", head


def range_of(repository, files):
    """The shortest way back from HEAD that changes at least so many files, by halving."""
    commits = git(repository, "rev-list", "--first-parent", "HEAD").split()
    low, high = 1, len(commits) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if count(repository, commits[middle], "HEAD") >= files else (middle + 1, high)
    return commits[low], commits[0]


def timed(command):
    """Wall time and the time of all cores, in milliseconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def median(values):
    return statistics.median(list(values))


def pairs(runs, theirs, ours):
    """Medians of both wall times, and of the ratios of wall time and of the time of all cores."""
    timed(theirs), timed(ours)  # warm
    times = [(timed(theirs), timed(ours)) for _ in range(runs)]
    walls = [median(git[0] for git, _ in times), median(own[0] for _, own in times)]
    return walls + [median(own[at] / git[at] for git, own in times) for at in (0, 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("repositories", nargs="+")
    arguments = parser.parse_args()

    read, plainly = programs()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.runs} pairs, {git('.', '--version').strip()}")
    print(f"{'repository':28}{'files':>7}{'git ms':>9}{'read ms':>9}{'ratio':>7}{'cpu':>6}{'preview ms':>12}")
    for repository in arguments.repositories:
        name = repository.removesuffix("/.git").removesuffix("/repo").rstrip("/").rsplit("/", 1)[-1]
        for base, head in (change_of(repository, 20), range_of(repository, 2000)):
            ours = [read, repository, base, head]
            theirs = ["git", "-C", repository, "diff", "--numstat", "-M", base, head]
            try:
                before, after, ratio, cpu = pairs(arguments.runs, theirs, ours)
                preview = [plainly, "preview", f"{base}..{head}", "--format", "json", "-C", repository]
                timed(preview)  # warm
                whole = median(timed(preview)[0] for _ in range(5))
            except subprocess.CalledProcessError as error:
                print(f"{name:28} {base[:10]}..{head[:10]}: {error}", file=sys.stderr)
                continue
            files = int(subprocess.check_output(ours))
            print(f"{name:28}{files:7}{before:9.1f}{after:9.1f}{ratio:7.2f}{cpu:6.2f}{whole:12.1f}", flush=True)


if __name__ == "__main__":
    main()
