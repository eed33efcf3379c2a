# make run: the app. make check: style, types and the quick tests, after every edit. make test: everything that must hold.
# Each makes its environment (.venv) first, with uv where it is installed and with pip where it is not.
PYTHON ?= python3
BIN = .venv/bin
UV := $(shell command -v uv)
INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
VENV = $(if $(UV),$(UV) venv --quiet --python $(PYTHON) .venv,$(PYTHON) -m venv .venv)
PYTEST = $(BIN)/python -m pytest
APART = tests/browser tests/engine tests/test_cluster.py tests/training tests/test_command.py tests/pages

.PHONY: run stop check test style types lock test-browser test-engine test-training test-pages test-core

run: .venv/run
	$(BIN)/streamlit run app.py

stop: .venv/run  # ends the training engine, if one was left running
	$(BIN)/python -m core stop

check: .venv/test
	$(MAKE) --jobs=2 --output-sync=line types test-core test-pages test-training style

test: .venv/test
	$(MAKE) --jobs=2 --output-sync=line test-engine test-browser test-core test-pages test-training  # the longest first; engine and browser mostly wait

style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/mypy

test-browser: .venv/test  # in a real Chromium
	$(PYTEST) tests/browser

test-engine: .venv/test  # real workers
	$(PYTEST) tests/engine tests/test_cluster.py

test-training: .venv/test  # apart from the pages: with Keras in its process, Streamlit clears Keras' session after each run
	$(PYTEST) tests/training tests/test_command.py

test-pages: .venv/test
	$(PYTEST) tests/pages

test-core: .venv/test
	$(PYTEST) $(APART:%=--ignore=%)

lock: .venv/test  # after a change of the dependencies in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --custom-compile-command "make lock" pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --custom-compile-command "make lock" pyproject.toml --group dev --output-file requirements-dev.txt

# Files that remember which lock the environment was made from.
.venv/run: requirements.txt | .venv/bin/python
	$(INSTALL) -r requirements.txt
	touch $@

.venv/test: requirements-dev.txt | .venv/bin/python  # holds all of requirements.txt too
	$(INSTALL) -r requirements-dev.txt
	touch $@ .venv/run

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Inkling needs Python 3.11 to 3.13, and this is Python %d.%d: run make with PYTHON=python3.12, say." % sys.version_info[:2])'
	@echo "Making .venv. TensorFlow is large: the first time this takes a minute with uv, some minutes with pip."
	@$(VENV)
