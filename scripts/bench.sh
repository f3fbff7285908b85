#!/usr/bin/env bash
# Makes .venv-bench with the peers, from their own lock, and measures in it.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv-bench/.current

if [ ! -f $stamp ] || [ requirements/bench.lock -nt $stamp ] || [ pyproject.toml -nt $stamp ]; then
  [ -x .venv-bench/bin/python ] || "${PYTHON:-python3}" -m venv .venv-bench
  export UV_LINK_MODE=${UV_LINK_MODE:-copy} VIRTUAL_ENV="$PWD/.venv-bench"
  .venv/bin/uv pip sync --quiet --require-hashes requirements/bench.lock
  .venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
  touch $stamp
fi
exec .venv-bench/bin/python -m bench.engine.run "$@"
