# Each target sets up what it needs; the second call is fast.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

# One process a core; the tests of a file share what they make.
PARALLEL := --numprocesses=2 --dist=loadfile

.DEFAULT_GOAL := help
.PHONY: help setup run ui test test-fast prove coverage bench bundle docs lint format audit clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/runtime ## set up the environment; needs no data and writes none
	@:

run: $(VENV)/runtime ## ingest the inbox, check, score, release
	@$(BIN)/gancheng run

ui: $(VENV)/runtime ## open Dagster on http://127.0.0.1:3000; schedules and sensors are stopped
	@$(BIN)/gancheng serve --paused --port 3000

test: lint $(VENV)/older $(VENV)/spark $(VENV)/storage $(VENV)/site ## lint, types, import rules, SQL style, all tests
	@$(BIN)/python -m pytest $(PARALLEL)

test-fast: $(VENV)/dev ## what a change touches: lint, types, the unit tests that import what differs from main
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy
	@tests=$$($(BIN)/python -m tests.helpers.changed_tests) && $(BIN)/python -m pytest --quiet $(PARALLEL) $$tests

# The test files that do more where GANCHENG_PROVE is set.
PROOFS = tests/robustness $(shell grep -rlE --include='test_*.py' 'GANCHENG_PROVE|proof_scale' tests --exclude-dir=robustness)

prove: $(VENV)/dev $(VENV)/spark $(VENV)/storage ## the long proofs: 200,000 hostile inputs, 200 kills and the like
	@GANCHENG_PROVE=1 $(BIN)/python -m pytest $(PARALLEL) $(PROOFS)

# A target of its own, because measuring slows tests on Python 3.11.
coverage: $(VENV)/dev ## measure which lines the tests reach; fails below the floor in pyproject.toml
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --quiet tests/unit tests/sql tests/intake_cases \
		$(patsubst %,tests/integration/test_%.py,alerts doctor explain publish release_log retention returns_worker \
			shipped_figures start_up warehouse worker)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(VENV)/peers/made ## measure against the floor and against peers, docs/performance.md; ARGS="--rounds 1"
	@$(BIN)/python -m benchmarks.suite $(ARGS)

bundle: $(VENV)/runtime ## make dist/gancheng-*.zip, which installs without a network; ARGS="--system windows"
	@$(BIN)/python deploy/bundle/make_bundle.py $(ARGS)

docs: $(VENV)/site $(VENV)/runtime ## build the documentation in site/, with search; opens without a network
	@GANCHENG_LANG=en $(BIN)/python -m docs.reference.generate
	@$(VENV)/site/bin/zensical build --strict --clean

lint: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/sqlfluff lint --quiet --processes 2 sql

format: $(VENV)/dev ## apply automatic fixes
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/sqlfluff fix --quiet sql

audit: ## list known vulnerabilities of the locked packages; needs the network and pip-audit
	@command -v pip-audit >/dev/null || { echo "请先安装 pip-audit。 Install pip-audit first: pipx install pip-audit"; exit 1; }
	@pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

clean: ## delete the environment; data stays
	@rm -rf $(VENV)

# The locks name every package with its hash, so nothing is resolved and nothing else can come in.
$(VENV)/runtime: requirements.lock pyproject.toml | $(VENV)/python
	@$(PIP) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	@$(PIP) -r requirements-dev.lock
	@touch $@

# Older clients, each in an environment of its own, to open what is published.
$(VENV)/older: $(wildcard tests/older_duckdb/*.lock) | $(VENV)/python
	@for lock in tests/older_duckdb/*.lock; do \
		place=$(VENV)/older-duckdb/$$(basename $$lock .lock); \
		$(BIN)/python -m venv $$place && $$place/bin/python -m pip install --quiet --disable-pip-version-check \
			--no-deps --require-hashes -r $$lock || exit 1; \
	done
	@touch $@

# Spark itself, for its server alone; the client is the one of the lock.
$(VENV)/spark: $(wildcard tests/spark/*.lock) | $(VENV)/python
	@$(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes -r tests/spark/4.2.lock
	@touch $@

# A server of object storage, for the tests of the shared store.
$(VENV)/storage: tests/storage/moto.lock | $(VENV)/python
	@$(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes -r $<
	@touch $@

# The builder of the documentation.
$(VENV)/site: docs/site.lock | $(VENV)/python
	@$(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes -r $<
	@touch $@

# What people would use instead, in an environment of its own that nothing but the benchmarks needs.
$(VENV)/peers/made: benchmarks/peers/requirements.lock $(VENV)/dev
	@$(BIN)/python -m venv $(VENV)/peers
	@$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(VENV)/python:
	@$(or $(PYTHON),false) -c '$(FITS)' || \
		{ echo "需要 Python 3.11 至 3.14。 Python 3.11 to 3.14 is needed: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "请先安装 python3-venv。 Install python3-venv first."; rm -rf $(VENV); exit 1; }
	@touch $@
