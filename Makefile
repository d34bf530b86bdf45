# Everything happens in .venv, from the hashed locks. Needs Python 3.11 or newer, and make.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:

# A gate starts a dozen Python processes; without this each may have to compile every module again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(wildcard harness clinic scenarios canaries dashboards tests tools bench)

# More arguments for pytest: make test ARGS="-k postgres -x"
ARGS ?=
# A test that hangs ends with a stack of every thread.
TEST_TIMEOUT_S := 600
# In the order of the alphabet, whose last files are quick: no process ends long after the others.
BY_FILE := --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test slow catalogue bench dashboards lint format lock clean browser

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile

demo: $(VENV)/run.stamp browser  ## gate a good release and a bad one of the reference clinic
	@$(BIN)/python tools/demo.py $(BIN)/harness

# Files stay whole, so that what their tests share is made once. Tests wait for what they start, so
# that three share two cores; of gates of a few cases, two. A gate of all cases needs the machine,
# and so do containers: Chromium drops its requests while a network of theirs comes or goes.
test: $(VENV)/dev.stamp browser  ## every test but the slow ones, with browser and database
	@$(BIN)/python -m pytest tests -n 3 $(BY_FILE) --timeout $(TEST_TIMEOUT_S) \
		-m "not slow and not e2e and not docker" $(call junit,quick) $(ARGS) $(if_some)
	@$(BIN)/python -m pytest tests -n 2 $(BY_FILE) --timeout $(TEST_TIMEOUT_S) \
		-m "not slow and e2e and not docker and not alone" $(call junit,whole) $(ARGS) $(if_some)
	@$(BIN)/python -m pytest tests --timeout $(TEST_TIMEOUT_S) \
		-m "not slow and (docker or alone)" $(call junit,alone) $(ARGS) $(if_some)

# JUNIT=FOLDER keeps what the tests said; with ARGS one of the three may have nothing to run.
junit = $(if $(JUNIT),--junitxml=$(JUNIT)/$(1).xml)
if_some = $(if $(ARGS),|| test $$? -eq 5)

slow: $(VENV)/dev.stamp browser  ## the tests that gate one more fault each, minutes in all
	@$(BIN)/python -m pytest tests --timeout $(TEST_TIMEOUT_S) -m slow $(ARGS)

catalogue: $(VENV)/dev.stamp browser  ## gate every release with a known answer, an hour in all
	@CLINIC_SECRET="$${CLINIC_SECRET:-only-for-the-catalogue}" $(BIN)/harness catalogue \
		--deployer process --markdown docs/catalogue.md $(ARGS)

bench: $(VENV)/dev.stamp browser  ## what the harness costs, into docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

dashboards: $(VENV)/dev.stamp  ## Grafana's JSON again, from dashboards/*.py
	@$(BIN)/python -m dashboards

lint: $(VENV)/dev.stamp  ## style, types and import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.stamp  ## put the code in shape
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

setup: $(VENV)/dev.stamp browser  ## what developing needs, and nothing else

browser: $(VENV)/run.stamp
	@$(BIN)/python tools/browser.py

# The development lock holds the running one, so it stands for both.
$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml tools/venv.sh
	@sh tools/venv.sh $(VENV) requirements-dev.txt
	@touch $(VENV)/run.stamp $@

$(VENV)/run.stamp: requirements.txt pyproject.toml tools/venv.sh
	@sh tools/venv.sh $(VENV) requirements.txt
	@touch $@

# Adding a package to pyproject.toml is followed by `make lock`; versions that still fit are kept.
# To take newer ones: make lock ARGS=--upgrade
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"
LOCK = $(COMPILE) --extra clinic --group build

# What the clinic's image installs: the clinic's own packages, in the versions that are tested.
CLINIC = $(BIN)/python -c 'import tomllib; told = tomllib.load(open("pyproject.toml", "rb")); \
	print(*told["project"]["optional-dependencies"]["clinic"], sep="\n")'

lock: $(VENV)/dev.stamp  ## all locks again, from pyproject.toml
	@$(LOCK) $(ARGS) --output-file requirements.txt pyproject.toml
	@$(LOCK) $(ARGS) --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt pyproject.toml
	@$(CLINIC) | $(COMPILE) $(ARGS) --constraint requirements.txt \
		--output-file clinic/requirements.txt -

clean:  ## remove what make and the tools have made
	@rm -rf $(VENV) build dist htmlcov test-results .coverage* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
