# make run: the app. make stop: end its training engine. make test: everything that must hold. Both make their own environment first.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: run test test-browser test-training test-pages test-core lint stop

run: .venv/run
	$(BIN)/streamlit run app.py

test: .venv/test
	$(MAKE) --jobs=2 test-browser test-training test-core test-pages  # the longest first; a browser mostly waits

test-browser: .venv/test  # the app in a real Chromium
	$(BIN)/python -m pytest tests/browser

test-training: .venv/test  # apart: Keras in one process with Streamlit disturbs both
	$(BIN)/python -m pytest tests/training tests/engine tests/test_command.py

test-pages: .venv/test  # without a browser; and several machines
	$(BIN)/python -m pytest tests/pages tests/test_cluster.py

test-core: .venv/test  # all the rest
	$(BIN)/python -m pytest --ignore tests/browser --ignore tests/training --ignore tests/engine --ignore tests/test_command.py --ignore tests/pages --ignore tests/test_cluster.py

stop: .venv/run
	$(BIN)/python -m core stop

lint: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Files that remember which requirements the environment was made from.
.venv/run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test: requirements-dev.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Inkling needs Python 3.11 to 3.13, and this is Python %d.%d: run make with PYTHON=python3.12, say." % sys.version_info[:2])'
	@echo "Making .venv; TensorFlow is large, so this takes a few minutes the first time."
	@$(PYTHON) -m venv .venv
