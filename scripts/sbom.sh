#!/usr/bin/env bash
# Writes what the platform is made of as CycloneDX 1.6 (dist/sbom.cdx.json, or $1), from
# requirements/runtime.lock, and validates it. Needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-dist/sbom.cdx.json}
mkdir -p "$(dirname "$output")"
# It warns that a lock has no graph of dependencies; that is so.
PYTHONWARNINGS=ignore .venv/bin/cyclonedx-py requirements requirements/runtime.lock \
  --pyproject pyproject.toml --output-reproducible --short-PURLs --validate \
  --output-format JSON --output-file "$output"
echo "sbom: $output" >&2
