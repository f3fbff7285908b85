# Everything a developer or CI runs. `make help` tells what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.current
ARGS ?=
WORKERS ?= 2

.PHONY: help setup demo test check fmt bench load train docs lock sbom clean

help: ## Tell what there is
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## Make .venv with the locked dependencies (skipped when current)

$(STAMP): pyproject.toml requirements/uv.lock requirements/dev.lock scripts/setup.sh
	@PYTHON="$(PYTHON)" scripts/setup.sh
	@touch $@

demo: $(STAMP) ## Run the platform on real-looking input; ARGS=--once ends
	@$(BIN)/integritas demo $(ARGS)

check: $(STAMP) ## Run every static gate and the unit tests (under a minute)
	@scripts/check.sh

test: $(STAMP) ## Run every test, on SQLite and on a real Postgres, with coverage
	@scripts/test.sh $(ARGS)

fmt: $(STAMP) ## Format the code and fix what can be fixed
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/typos --write-changes

bench: $(STAMP) ## Measure the engine, its peers beside it; ARGS=--quick ours alone
	@scripts/bench.sh $(ARGS)

load: $(STAMP) ## Run the timed tests
	@$(BIN)/pytest -m load -p no:randomly $(ARGS)

train: $(STAMP) ## Train the shipped models anew, into the source tree
	@$(BIN)/python -m models.spam.train $(ARGS)
	@$(BIN)/python -m models.collusion.train $(ARGS)
	@$(BIN)/python -m models.names.train $(ARGS)
	@$(BIN)/python -m models.payments.train $(ARGS)

docs: $(STAMP) ## Write docs/reference and the API clients from the code
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python -m scripts.clients.write

lock: $(STAMP) ## Compile requirements/*.lock anew
	@scripts/lock.sh

sbom: $(STAMP) ## Write dist/sbom.cdx.json (CycloneDX), and ask for known vulnerabilities
	@scripts/sbom.sh
	@scripts/audit_dependencies.sh

clean: ## Remove the environment, caches and reports
	@rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov dist coverage.xml
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
