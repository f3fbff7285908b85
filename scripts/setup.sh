#!/usr/bin/env bash
# Makes .venv: uv from its own lock, the locked dependencies by uv, this package editable.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
  echo "setup: no $python here: install Python 3.11 or newer, or name one: make setup PYTHON=…" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "setup: $("$python" --version) is too old: Integritas needs 3.11 or newer; name one: make setup PYTHON=python3.12" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "setup: $python cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)" >&2
  exit 1
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=${UV_LINK_MODE:-copy} VIRTUAL_ENV="$PWD/.venv"
.venv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.lock
# Compiled once: where PYTHONDONTWRITEBYTECODE is set, each start would do it again.
.venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes requirements/uv.lock requirements/dev.lock
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
echo "setup: .venv is current, $((SECONDS - started)) s"
