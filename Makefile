# Two commands do everything: `make demo` and `make test`. Each makes its own environment in .venv.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)

.PHONY: demo test lint clean

demo: $(VENV)/demo.stamp
	@$(BIN)/python -m ipysketch.demo $(DEMO)

test: lint browser
	@mkdir -p build
	$(BIN)/python -m pytest --cov --cov-report=term --junitxml=build/junit.xml $(PYTEST)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: browser
browser: $(VENV)/test.stamp
	@PATH="$(abspath $(BIN)):$$PATH" sh .ci/install-browser

.PHONY: faults
faults: $(VENV)/test.stamp
	$(BIN)/python -m tests.faults.crash
	$(BIN)/python -m tests.faults.crash --relay short_memory --operations 50000 --kills 60
	$(BIN)/python -m tests.faults.slow_peer
	$(BIN)/python -m tests.faults.storm

.PHONY: images
images: browser
	$(BIN)/python -m tests.browser.images

.PHONY: fuzz
FUZZ_SECONDS ?= 600
fuzz: $(VENV)/test.stamp
	$(BIN)/python -m tests.faults.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

# One row of the table alone: make bench ROW=late-join. Needs Node and its npm.
.PHONY: bench
bench: $(VENV)/bench.stamp browser
	$(BIN)/python -m benchmarks $(ROW) --date "$$(date +%F)" $(BENCH)

# Half an hour: 50 people draw, and memory and descriptors stay flat.
.PHONY: soak
soak: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks.soak --date "$$(date +%F)" $(SOAK)

$(VENV)/python.stamp:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it and try again."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo.stamp: $(VENV)/python.stamp pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/test.stamp: $(VENV)/python.stamp pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo,test]'
	@touch $@

$(VENV)/bench.stamp: $(VENV)/python.stamp pyproject.toml benchmarks/peers/package-lock.json
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo,test,bench]'
	npm ci --prefix benchmarks/peers --omit=optional --ignore-scripts --no-audit --no-fund
	@touch $@

clean:
	rm -rf benchmarks/peers/node_modules $(VENV) build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
