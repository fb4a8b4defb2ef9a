# Every target sets itself up: .venv in this folder, by uv where it is, else by venv and pip.
.PHONY: demo ui test faults browser tracker test-older-duckdb lint lint-python lint-sql plan bench wheel clean
.DEFAULT_GOAL := help

PY := .venv/bin/python
DATA ?= demo_data
READY := .venv/.ready
# tests of what varies at random: how often they try it is said by a variable
VARIED = $(shell grep -rl --include='test_*.py' 'import rounds$$' tests)
BENCH_READY := .venv/.ready-bench
OLDER_READY := .venv-older/.ready

.PHONY: help
help:
	@echo "make demo   set up, write a month of sample logs, run everything on them, say what was found"
	@echo "make ui     the Dagster UI on the demo's data (DATA=folder for another)"
	@echo "make test   all tests"
	@echo "make faults try every fault many times, print what was lost and doubled (about an hour)"
	@echo "make lint   ruff, pyright, sqlfluff"
	@echo "make plan   check the example plan, and what changed in it since the main branch"
	@echo "make bench  benchmarks, as ratios"
	@echo "make tracker  build the browser tracker"

$(READY): pyproject.toml constraints.txt setup-venv
	@./setup-venv dev
	@touch $@

$(BENCH_READY): $(READY)
	@./setup-venv bench
	@touch $@

$(OLDER_READY): pyproject.toml constraints.txt setup-venv
	@VENV=.venv-older ./setup-venv dev 'duckdb<2'
	@touch $@

demo: $(READY)
	@$(PY) -m event_assets plan compile >/dev/null
	@$(PY) -m event_assets demo --data $(DATA)

ui: $(READY)
	@$(PY) -m event_assets ui --data $(DATA)

test: $(READY) browser
	@$(PY) -m pytest -n auto --dist loadfile

# the tests try each fault once; this tries it often, beside a naive variant: ONLY="10 11" picks rows
faults: $(READY)
	@$(PY) -m tests.faults $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),,EVENT_ASSETS_FAULT_ROUNDS=many $(PY) -m pytest -n auto --dist loadfile $(VARIED))

# some tests look at pages in Debian's Chromium; without one they are skipped and say so
browser:
	@./setup-browser

# what the collector serves as /track.js, from event_assets/capture/tracker/; a test says when it is not built
tracker: $(READY)
	@./build-tracker

# DuckDB 1.5 beside the 2.0 of constraints.txt: the models, the published file and the whole run
test-older-duckdb: $(OLDER_READY)
	@.venv-older/bin/python -m pytest -n auto --dist loadfile tests/models/test_models_agree_with_plain_python.py \
	  tests/models/test_catalogue.py tests/test_publish.py tests/dagster/test_demo.py

lint: lint-python lint-sql

lint-python: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m pyright

lint-sql: $(READY)
	@$(PY) -m sqlfluff lint dbt_project/models dbt_project/tests

# compared with origin/main, or with the commit before where that is origin/main already
plan: $(READY)
	@$(PY) -m event_assets plan check
	@$(PY) -m event_assets plan compile --check
	@$(PY) -m event_assets plan check --plan examples/music_site
	@$(PY) -m event_assets plan compile --check --plan examples/music_site
	@$(PY) -m event_assets plan diff

bench: $(BENCH_READY)
	@$(PY) -m bench

wheel: $(READY)
	@$(PY) -m build --wheel --no-isolation

clean:
	rm -rf .venv .venv-older demo_data dist dbt_project/target dbt_project/logs
