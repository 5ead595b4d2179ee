# Two commands: `make demo` (hear it) and `make test` (prove it). Both prepare everything they need.
PYTHON ?= python3
BIN := .venv/bin
DEMO_LIBRARIES := libportaudio2
TEST_LIBRARIES := libportaudio2 jackd2 jack-capture puredata-core supercollider-language liblo-tools strace
SOURCES := engine control vendor tests benchmarks

.PHONY: demo test lint types contracts unit clean

demo: .venv/product
	@sh .ci/system-libraries $(DEMO_LIBRARIES)
	$(BIN)/distill demo

test: .venv/development
	@sh .ci/system-libraries $(TEST_LIBRARIES)
	$(MAKE) --no-print-directory lint types contracts unit

lint:
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

unit:
	$(BIN)/pytest

.venv/product: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Distill needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable .
	@touch $@

.venv/development: .venv/product
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --group dev
	$(BIN)/python -m pip install --quiet --no-deps bigvgan==2.4.1
	@touch $@

clean:
	rm -rf .venv build dist
