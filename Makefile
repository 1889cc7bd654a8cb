# Two commands do everything on a fresh machine: `make demo` and `make test`.
# GPU or CPU build of torch: UV_TORCH_BACKEND=cpu (or auto) make demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test quick lint types layers unit bench lock clean

help:
	@echo "make demo    install, then compare agents and rules on the default workload and on a trace"
	@echo "make test    install, then lint, types, layers and all tests"
	@echo "make quick   lint, types, layers and the tests that take seconds"
	@echo "make bench   run benchmarks/ and write benchmarks/results.json"
	@echo "make lock    compile requirements.lock anew"

install: $(INSTALLED)

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# torch is locked apart: its CUDA libraries are another list than the CPU build's.
$(INSTALLED): pyproject.toml requirements.lock requirements-torch.lock | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements.lock
ifdef UV_TORCH_BACKEND
	$(UV) pip install --quiet --python $(BIN)/python "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-torch.lock)"
else
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements-torch.lock
endif
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/autoscale demo

test: lint types layers unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

# Where real farms are; collecting the rest would cost as much as running these. A test holds this list complete.
LIVE_TESTS := tests/live tests/cli/test_farm.py tests/docs

# First the tests in simulated time, then those in real time, which mostly wait: more of them than there are cores. Those on
# a cluster skip without one (AUTOSCALE_TEST_KUBECONFIG), run one after the other, and end with a failure rather than never.
unit: install
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not live and not cluster"
	$(BIN)/pytest -q -n 3 --dist loadgroup -m "live and not cluster" $(LIVE_TESTS)
	$(BIN)/pytest -q -m cluster --session-timeout=1800 tests/live/platforms/kubernetes

quick: lint types layers
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not live and not cluster"

bench: install
	$(BIN)/python -m benchmarks

COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11
CUDA := torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+

# First everything, to fix the versions; then without torch and its CUDA libraries; then those alone.
lock: | $(UV)
	$(COMPILE) --upgrade --extra live --extra dev --extra torch pyproject.toml -o $(VENV)/all.lock
	$(COMPILE) -c $(VENV)/all.lock --extra live --extra dev --extra torch pyproject.toml -o requirements.lock \
		$$(grep -oE '^($(CUDA))==' $(VENV)/all.lock | sed 's/==//; s/^/--no-emit-package /')
	echo torch | $(COMPILE) -c $(VENV)/all.lock - -o requirements-torch.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
