# `make demo` shows it, `make check fast` before a commit, `make test` before a merge. Each target makes its own environment in .venv.
SHELL := /bin/sh
VENV := .venv
HOSTS := .venv-hosts
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)

# Tests without a browser, a Jupyter server or a whole relay; each runs by itself, so that they run beside one another.
PURE := tests/ipysketch tests/relay tests/web tests/contract tests/simulation tests/benchmarks
# How many tests run at a time. Each worker that comes to those in a browser has a JupyterLab and a Chromium of its own.
WORKERS ?= 2

.PHONY: help
help:  ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.PHONY: demo
demo: $(VENV)/demo.stamp  ## A relay and JupyterLab with notebooks that draw together; DEMO=--fresh forgets earlier ones
	@$(BIN)/python .ci/join_modules.py
	@$(BIN)/python -m ipysketch.demo $(DEMO)

.PHONY: cluster
cluster: $(VENV)/test.stamp proxies  ## PostgreSQL, three relays and HAProxy on this machine; kill what you like, Ctrl-C ends all
	@$(BIN)/python -m tests.faults.cluster_demo

# --- the loop ------------------------------------------------------------------------------------------------

.PHONY: check
check: $(VENV)/test.stamp  ## Seconds: format, lint, types, import contracts, spelling, paths
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell
	$(BIN)/python .ci/check_paths.py

.PHONY: fast
fast: $(VENV)/test.stamp  ## A minute: the pure tests of both languages, with 30 seeds
	SEEDS=$${SEEDS:-30} $(BIN)/python -m pytest -q -n auto $(PURE) $(PYTEST)

# With PYTEST, only what it names: make test PYTEST="tests/browser/test_pen.py -x".
.PHONY: test
test: $(VENV)/test.stamp browser hub proxies hosts lite  ## Everything
	@$(BIN)/python .ci/join_modules.py
ifdef PYTEST
	$(BIN)/python -m pytest $(PYTEST)
else
	$(BIN)/python -m pytest -n $(WORKERS) --junitxml=build/junit/all.xml
endif

.PHONY: cover
cover: $(VENV)/test.stamp  ## Branch coverage by the pure tests, with a floor for each pure package
	@mkdir -p build
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term --cov-report=json:build/coverage.json $(PURE) $(PYTEST)
	$(BIN)/python .ci/check_coverage.py build/coverage.json

.PHONY: docs
docs: $(VENV)/docs.stamp  ## The documentation site, in build/docs; a warning is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -j auto docs build/docs
	@echo "build/docs/index.html"

.PHONY: stress
stress: $(VENV)/test.stamp browser hub proxies hosts lite  ## The whole suite three times, on a machine that is kept busy
	@$(BIN)/python .ci/join_modules.py
	PATH="$(abspath $(BIN)):$$PATH" sh .ci/stress

.PHONY: browser
browser: $(VENV)/test.stamp
	@PATH="$(abspath $(BIN)):$$PATH" sh .ci/install-browser

# The app servers that boards are tried in; they would change what the JupyterLab of the other tests loads.
.PHONY: hosts
hosts: $(HOSTS)/hosts.stamp

.PHONY: lite
lite: browser
	@PATH="$(abspath $(BIN)):$$PATH" sh .ci/install-lite

.PHONY: hub
hub: browser
	@sh .ci/install-hub

.PHONY: proxies
proxies:
	@sh .ci/install-proxies

# --- longer looks --------------------------------------------------------------------------------------------

.PHONY: faults
faults: $(VENV)/test.stamp  ## Kill a relay more than a hundred times, and count what is lost
	$(BIN)/python -m tests.faults.crash
	$(BIN)/python -m tests.faults.crash --relay short_memory --operations 50000 --kills 60
	$(BIN)/python -m tests.faults.slow_peer
	$(BIN)/python -m tests.faults.storm

.PHONY: fuzz
FUZZ_SECONDS ?= 600
fuzz: $(VENV)/test.stamp  ## Send a relay nonsense, for FUZZ_SECONDS
	$(BIN)/python -m tests.faults.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

# The attacks that once held up a relay, and a search for more of them: REDTEAM_SECONDS=3600 for an hour.
.PHONY: redteam
REDTEAM_SECONDS ?= 60
redteam: $(VENV)/test.stamp  ## Attack a relay as strangers did, and search REDTEAM_SECONDS for more
	$(BIN)/python -m pytest tests/faults/test_redteam.py
	$(BIN)/python -m tests.faults.amplify --seconds $(REDTEAM_SECONDS) $(REDTEAM)

# One row of the table alone: make bench ROW=late-join.
.PHONY: bench
bench: $(VENV)/bench.stamp browser  ## Measure, beside what people would use instead; needs Node and its npm
	$(BIN)/python -m benchmarks $(ROW) --date "$$(date +%F)" $(BENCH)

.PHONY: soak
soak: $(VENV)/bench.stamp  ## Half an hour: 50 people draw, and memory and descriptors stay flat
	$(BIN)/python -m benchmarks.soak --date "$$(date +%F)" $(SOAK)

.PHONY: images
images: browser  ## The screenshots in docs/images
	$(BIN)/python -m tests.browser.images

.PHONY: clean
clean:
	rm -rf benchmarks/peers/node_modules $(VENV) $(HOSTS) build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- environments --------------------------------------------------------------------------------------------

$(VENV)/python.stamp:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it and try again."; exit 1; }
	@echo "Making a Python environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/bench.stamp: $(VENV)/python.stamp pyproject.toml benchmarks/peers/package-lock.json
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	npm ci --prefix benchmarks/peers --omit=optional --ignore-scripts --no-audit --no-fund
	@touch $@

$(HOSTS)/hosts.stamp: $(VENV)/python.stamp pyproject.toml
	test -x $(HOSTS)/bin/python || $(BIN)/python -m venv $(HOSTS)
	$(HOSTS)/bin/pip install --quiet --disable-pip-version-check -e '.[hosts]'
	@touch $@

# demo, test, docs: an extra each. A minute or more, so pip is not quiet.
$(VENV)/%.stamp: $(VENV)/python.stamp pyproject.toml
	@echo "Installing what \"$*\" needs into $(VENV). This happens once, and takes a minute or more."
	@$(BIN)/pip install --disable-pip-version-check -e '.[$*]'
	@touch $@
