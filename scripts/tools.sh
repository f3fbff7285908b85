#!/usr/bin/env bash
# Installs tools that tests use, pinned, into a cache folder; skips what is there.
# Usage: scripts/tools.sh redocly typescript …; prints the folder of the binaries.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${INTEGRITAS_TOOLS:-$HOME/.cache/integritas-tools}
export PATH="$PWD/.venv/bin:$PATH" # Node.js and npm of the wheel, where there is one

npm_tool() {
  local package=$1 version=$2 folder="$cache/npm/$1-$2"
  if [ ! -d "$folder/node_modules/.bin" ]; then
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --prefix "$folder" "$package@$version" >&2
  fi
  echo "$folder/node_modules/.bin"
}

for name in "$@"; do
  case $name in
    redocly) npm_tool @redocly/cli 2.77.0 ;;
    typescript) npm_tool typescript 5.9.3 ;;
    *)
      echo "tools: there is no $name; known: redocly typescript" >&2
      exit 2
      ;;
  esac
done
