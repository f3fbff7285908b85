#!/usr/bin/env bash
# Asks for known vulnerabilities of what is locked. Exit 1 if there are any; where no
# service that knows of them can be reached, or it knows nothing of a package that is
# locked, says so and ends with 3: what was not audited is not sound.
set -euo pipefail
cd "$(dirname "$0")/.."
audit=${PIP_AUDIT:-.venv/bin/pip-audit}
log=$(mktemp) found=$(mktemp)
trap 'rm -f "$log" "$found"' EXIT
status=0
"$audit" --requirement requirements/runtime.lock --require-hashes \
  --disable-pip --progress-spinner off "$@" >"$found" 2>"$log" || status=$?
cat "$found"
cat "$log" >&2
if grep -qE 'ConnectionError|ServiceError|Max retries|Tried to connect' "$log"; then
  echo "audit: nothing was audited: no vulnerability service can be reached" >&2
  exit 3
fi
if [ "$status" -ne 0 ]; then
  exit "$status"
fi
skipped=$(grep -c 'could not be audited' "$found" || true)
if [ "$skipped" -gt 0 ]; then
  locked=$(grep -cE '^[A-Za-z0-9._-]+==' requirements/runtime.lock)
  echo "audit: $skipped of $locked locked packages were not audited" >&2
  exit 3
fi
