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
    # the seven days until yesterday, the same for every repository of one page
    back() { date -u -d "$1 days ago" +%F 2>/dev/null || date -u -v"-$1d" +%F; }
    of=(--since "$(back 7)" --until "$(back 1)")
    if [ -n "${PLAINLY_MERGE:-}" ]; then
      shopt -s nullglob globstar
      of=(--merge "$PLAINLY_MERGE"/**/*.json)
      if [ "${#of[@]}" -lt 2 ]; then
        echo "::error title=plainly::the folder of the input merge holds no .json file"
        exit 2
      fi
    elif [ -n "${PLAINLY_REPORT:-}" ]; then
      "$PLAINLY_BINARY" digest "${of[@]}" --format json --output "$PLAINLY_REPORT"
    fi
    "$PLAINLY_BINARY" digest --format html --output "${PLAINLY_PAGE:-plainly-digest.html}" "${of[@]}"
    "$PLAINLY_BINARY" digest --format markdown "${of[@]}" >>"$GITHUB_STEP_SUMMARY"
    ;;
  *)
    echo "::error title=plainly::the input command is none of: comment, report, release-notes, digest"
    exit 2
    ;;
esac
