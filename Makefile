# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` explains the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
PIP := $(UV) pip install --quiet --python $(BIN)/python
LOCKED := $(PIP) --require-hashes --no-deps

# Demo and tests start many processes; where this is set, each of them compiles all of its imports anew (4 s).
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test quick install torch lint types layers docs unit live covered cluster bench proto lock clean

help: ## explain every target
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# --- what is installed -----------------------------------------------------------------------------------------------
# Three locks, each what it adds to the one before: what running needs, what training a DQN needs, what checking needs.

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

RUN := $(VENV)/.installed-run
TORCH := $(VENV)/.installed-torch
ALL := $(VENV)/.installed-all

$(RUN): pyproject.toml requirements.lock | $(UV)
	$(LOCKED) -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# PyPI's torch is the CUDA build. Another one comes from another index, with other hashes and CUDA libraries of its own.
$(TORCH): requirements-torch.lock $(RUN)
ifdef UV_TORCH_BACKEND
	awk '/^[^ ]/ { wanted = !/^($(CUDA))==/ } wanted' requirements-torch.lock | $(LOCKED) -r -
	$(PIP) "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-torch.lock)"
else
	$(LOCKED) -r requirements-torch.lock
endif
	@touch $@

$(ALL): requirements-dev.lock $(TORCH)
	$(LOCKED) -r requirements-dev.lock
	@touch $@

install: $(ALL) ## install everything into .venv
torch: $(TORCH) ## add torch, which only training a DQN needs (3 GB to fetch; less with UV_TORCH_BACKEND=cpu)

# --- what people run -------------------------------------------------------------------------------------------------

demo: $(RUN) ## install what running needs, then compare agents and rules on the default workload and on a trace
	$(BIN)/autoscale demo

bench: install ## run benchmarks/ and write benchmarks/results.json
	$(BIN)/python -m benchmarks

proto: install ## make the modules of KEDA's external scaler from its .proto
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. operate/keda/externalscaler.proto

# --- checks ----------------------------------------------------------------------------------------------------------

# Tests in real time mostly wait, and must not be disturbed: everything else gets what they leave of the cores. On two cores
# those on a cluster disturb the others in real time, so they come after them.
BESIDE := nice -n 10 $(MAKE) --no-print-directory
test: install ## install everything, then run every check and all tests
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint layers $(IMPORTED)
	@$(BESIDE) unit & simulated=$$!; \
	$(BESIDE) --jobs 2 --output-sync=target types docs & checks=$$!; \
	$(MAKE) --no-print-directory live && $(MAKE) --no-print-directory cluster; others=$$?; \
	wait $$simulated && wait $$checks && exit $$others
	$(MAKE) --no-print-directory covered

quick: lint types layers ## run the checks and the tests that take seconds
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not live and not cluster"

# Nine processes that test would each compile everything anew that none has imported before: once does, and tells of every
# test that cannot be imported.
IMPORTED := $(VENV)/.imported
$(IMPORTED): $(ALL)
	$(BIN)/pytest --collect-only -q >$@.log || { cat $@.log; exit 1; }
	@touch $@

lint: install ## run ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## run mypy
	$(BIN)/mypy

layers: install ## check that imports run downwards only, without circles
	$(BIN)/lint-imports

docs: install ## build the site into build/docs; a warning is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs build/docs

# Coverage costs a tenth more time: CI measures it, and whoever asks for it (make unit live covered CI=true).
MEASURED := $(if $(CI),--cov --cov-report= --cov-fail-under=0)
COVERED_BY = $(if $(MEASURED),COVERAGE_FILE=.coverage.$@)

# Where real farms are; collecting the rest would cost as much as running these. A test holds this list complete.
LIVE_TESTS := tests/live tests/operate tests/cli/test_farm.py tests/cli/test_operate.py tests/cli/test_keda.py tests/experiments/operations/test_keda.py

# Tests in simulated time, and the pages, which have to run but promise no times.
unit: install ## run the tests in simulated time
	$(COVERED_BY) $(BIN)/pytest -q -n 3 --dist worksteal -m "not cluster and (docs or not live)" $(MEASURED)

live: install ## run the tests in real time, on real servers and processes
	$(COVERED_BY) $(BIN)/pytest -q -n 6 --dist loadgroup -m "live and not (docs or cluster)" $(MEASURED) $(LIVE_TESTS)

# Only together are they held to the floor in pyproject.toml.
covered: ## with CI set: hold the coverage of both to its floor
	$(if $(MEASURED),$(BIN)/coverage combine --quiet .coverage.unit .coverage.live && $(BIN)/coverage report)

# Without one they skip; one after the other, and they end with a failure rather than never.
cluster: install ## run the tests on a cluster: AUTOSCALE_TEST_KUBECONFIG names it
	$(BIN)/pytest -q -m cluster --session-timeout=1800 tests/live/platforms/kubernetes tests/operate

# --- locks -----------------------------------------------------------------------------------------------------------

COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11
RUNNING := --extra operate --extra celery --extra rabbitmq --extra keda
CUDA := torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+
# Lets a lock leave out what the others before it hold.
without = $$(grep -ohE '^[a-z0-9][a-z0-9._-]*==' $(1) | sed 's/==//; s/^/--no-emit-package /' | sort -u)

# First everything at once, so that the locks agree; then each. What fits stays as it is; UPGRADE=1 takes the newest.
lock: | $(UV) ## compile the locks anew (UPGRADE=1: with the newest versions)
	cat requirements*.lock > $(VENV)/all.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --all-extras pyproject.toml -o $(VENV)/all.lock
	rm requirements*.lock
	$(COMPILE) -c $(VENV)/all.lock --group build $(RUNNING) pyproject.toml -o requirements.lock
	$(COMPILE) -c $(VENV)/all.lock --extra torch pyproject.toml -o requirements-torch.lock \
		$(call without,requirements.lock)
	$(COMPILE) -c $(VENV)/all.lock --all-extras pyproject.toml -o requirements-dev.lock \
		$(call without,requirements.lock requirements-torch.lock)

clean: ## remove what was installed and built
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
