#!/usr/bin/env bash
# Compiles requirements/*.lock: hashes, every platform, no address of any index.
# --check: says whether the locks still answer pyproject.toml, without the network.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

if [ "${1:-}" = --check ]; then
  $bin/python scripts/lock_check.py
  exit
fi

compile() {
  local output=$1
  shift
  $bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --exclude-newer "1 week" \
    "$@" --output-file "$output"
}

compile requirements/dev.lock pyproject.toml --all-extras --group dev
compile requirements/runtime.lock pyproject.toml --extra postgres --constraint requirements/dev.lock
compile requirements/bench.lock pyproject.toml --all-extras --group bench --constraint requirements/dev.lock
echo uv | compile requirements/uv.lock -
