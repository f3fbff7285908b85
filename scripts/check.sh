#!/usr/bin/env bash
# Every static gate, then the unit tests; says how long each took, goes on after a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

gate() {
  local name=$1 log started=$SECONDS
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '  %-12s ok    %3d s\n' "$name" $((SECONDS - started))
  else
    printf '  %-12s FAILED %2d s: %s\n' "$name" $((SECONDS - started)) "$*"
    cat "$log"
    failed+=("$name")
  fi
  rm -f "$log"
}

gate lint $bin/ruff check .
gate format $bin/ruff format --check .
gate types $bin/mypy
gate imports $bin/lint-imports
gate deps $bin/deptry .
gate spelling $bin/typos
gate lock scripts/lock.sh --check
gate units $bin/pytest -q -n "${WORKERS:-2}" tests/unit tests/architecture

if [ ${#failed[@]} -gt 0 ]; then
  echo "check: ${failed[*]} failed, $SECONDS s" >&2
  exit 1
fi
echo "check: all gates pass, $SECONDS s"
