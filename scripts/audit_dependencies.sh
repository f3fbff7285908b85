#!/usr/bin/env bash
# Asks for known vulnerabilities of what is locked. Exit 1 if there are any; where no
# service that knows of them can be reached, says so and ends with 3.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
.venv/bin/pip-audit --requirement requirements/runtime.lock --require-hashes \
  --disable-pip --progress-spinner off "$@" 2>"$log" || status=$?
cat "$log" >&2
if grep -qE 'ConnectionError|ServiceError|Max retries|Tried to connect' "$log"; then
  echo "audit: nothing was audited: no vulnerability service can be reached" >&2
  exit 3
fi
exit "$status"
