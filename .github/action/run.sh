#!/usr/bin/env bash
# Runs one command of the list. Inputs arrive by environment and are never part of a script.
set -euo pipefail

case "$PLAINLY_COMMAND" in
  comment)
    "$PLAINLY_BINARY" comment ${PLAINLY_REPORT:+--report "$PLAINLY_REPORT"}
    ;;
  report)
    "$PLAINLY_BINARY" comment --report-to "${PLAINLY_REPORT:-report.json}"
    ;;
  release-notes)
    tag="${PLAINLY_TAG:-$GITHUB_REF_NAME}"
    # people who may not write here cannot see drafts: they read the job summary
    "$PLAINLY_BINARY" release-notes --to "$tag" --draft-release >>"$GITHUB_STEP_SUMMARY"
    ;;
  digest)
    "$PLAINLY_BINARY" digest --format markdown >>"$GITHUB_STEP_SUMMARY"
    ;;
  *)
    echo "::error title=plainly::the input command is none of: comment, report, release-notes, digest"
    exit 2
    ;;
esac
