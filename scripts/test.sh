#!/usr/bin/env bash
# All tests but the timed ones, on SQLite and on a Postgres they start themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE # the command line is started hundreds of times
bin=.venv/bin
rm -f .coverage .coverage.*
log=$(mktemp)
trap 'rm -f "$log"' EXIT

status=0
$bin/coverage run -m pytest -m "not load" -n "${WORKERS:-2}" "$@" </dev/null 2>&1 | tee "$log" || status=$?
if [ $# -eq 0 ] && [ "$status" -eq 0 ]; then
  $bin/coverage combine --quiet
  $bin/coverage report || status=$?
  # The closing line of the tests once more, last.
  grep -E '^=+ .*(passed|failed|error|no tests ran).* =+$' "$log" | tail -1
fi
exit "$status"
