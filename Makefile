# `make demo` (hear it), `make training` (train it), `make test` (prove it), `make docs` (read it). Each prepares everything it needs.
PYTHON ?= python3
BIN := .venv/bin
DEMO_LIBRARIES := libportaudio2
TEST_LIBRARIES := libportaudio2 jackd2 jack-capture puredata-core supercollider-language liblo-tools strace qemu-user chromium
SOURCES := engine control vendor tests benchmarks docs examples .ci hatch_build.py
NATIVE := engine/distill_engine/native
BENCHMARKS := quality sound transfer notes attacks held levels pictures controls training bigvgan_speed gpu codes rvq prior live midi control page space sweep curves growth library waiting rave demo soak rights fuzz kill

.PHONY: demo training test docs lint types contracts unit coverage package resolve audit lock figures clean system-libraries bench report report-check fuzz kill soak kernels

demo: .venv/product
	@sh .ci/system-libraries $(DEMO_LIBRARIES)
	$(BIN)/distill demo

training: .venv/training

test:
	@$(MAKE) --no-print-directory -j2 .venv/development system-libraries build/web-runtime build/axe
	@$(MAKE) --no-print-directory lint contracts figures report-check
	$(BIN)/python .ci/tests.py --with types --with docs --with package --with resolve

docs: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "the documentation is in build/site: open build/site/index.html"

lint:
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types:
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/windows engine control vendor

contracts:
	$(BIN)/lint-imports

unit:
	$(BIN)/python .ci/tests.py

# RESULTS.md, and the figures in README and documentation, from benchmarks/results.
report:
	$(BIN)/python benchmarks/report.py

report-check:
	$(BIN)/python benchmarks/report.py --check

# All benchmarks, one after the other; `make bench-NAME ARGS="..."` runs one, with its own options.
# QUICK=1 shortens each and writes nothing.
bench: .venv/development
	@sh .ci/system-libraries $(TEST_LIBRARIES)
	@failed=""; for name in $(BENCHMARKS); do \
		$(MAKE) --no-print-directory bench-$$name || failed="$$failed $$name"; done; \
	$(MAKE) --no-print-directory report; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

bench-%:
	$(BIN)/python benchmarks/$*.py $(if $(QUICK),--no-write $(QUICK_$*)) $(ARGS)

QUICK_levels := --seeds 1 --seconds 10
QUICK_sound := --corpora sonicpi_cc0 --seconds 10 --preset quick
QUICK_controls := --bases 1
QUICK_training := --seconds 1
QUICK_rvq := --corpora sonicpi_cc0 --minutes 0.2
QUICK_bigvgan_speed := --quick
QUICK_live := --quick
QUICK_midi := --messages 200
QUICK_control := --seconds 5 --rates 2000
QUICK_page := --seconds 3 --pages 0 1
QUICK_sweep := --seconds 1
QUICK_waiting := --quick
QUICK_rave := --quick
QUICK_soak := --minutes 1
QUICK_rights := --seconds 5
QUICK_fuzz := --inputs 500 --messages 2000
QUICK_kill := --kills 30 --ends 3

# 10^6 OSC messages and 10^5 inputs of each other kind: about an hour.
fuzz: .venv/development bench-fuzz

# 300 kills of whatever writes, and seven commands asked to end: twenty minutes.
kill: .venv/development bench-kill

# An hour of everything at once; `make soak ARGS="--minutes 10"`.
soak: .venv/development bench-soak

# After changes in the native kernels' sources; installing compiles them too.
kernels:
	$(BIN)/python hatch_build.py

coverage: .venv/development
	$(BIN)/pytest -n auto --dist worksteal -m "not (jack or peer or realtime)" --cov --cov-report=term:skip-covered

package: .venv/development
	$(BIN)/python .ci/package.py

resolve: .venv/development
	$(BIN)/python .ci/resolve.py

# Known weaknesses of the locked versions: needs the network. Without it one line says so, and nothing fails.
audit: .venv/development
	$(BIN)/python .ci/supply_chain.py --audit

# onnxruntime-web for the test of the exported page; 140 MB, by npm. Where that cannot be had, the test is skipped.
build/web-runtime:
	@npm install --silent --prefix $@ --no-audit --no-fund --ignore-scripts --no-save --fetch-retries=1 onnxruntime-web@1.30.0 || \
		echo "no onnxruntime-web: npm is missing or reaches nothing; the test of the exported page is skipped"

# axe-core for the tests of what a page says to those who do not see it. Where it cannot be had, they are skipped.
build/axe:
	@npm install --silent --prefix $@ --no-audit --no-fund --ignore-scripts --no-save --fetch-retries=1 axe-core@4.14.1 || \
		echo "no axe-core: npm is missing or reaches nothing; the tests with it are skipped"

# After changes in requirements.lock: the same versions with the hashes of their files.
lock: .venv/development
	$(BIN)/python .ci/lock.py

figures:
	$(BIN)/python .ci/code_figures.py

system-libraries:
	@sh .ci/system-libraries $(TEST_LIBRARIES)

# pip compiles nothing beforehand (Python does at first use), and one run of its resolver finds everything.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint requirements.lock

.venv/environment:
	$(PYTHON) -c 'import sys; sys.exit("Distill needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

.venv/product: pyproject.toml requirements.lock hatch_build.py $(wildcard $(NATIVE)/*.[ch]) | .venv/environment
	$(INSTALL) --editable .
	@touch $@

.venv/training: pyproject.toml requirements.lock hatch_build.py $(wildcard $(NATIVE)/*.[ch]) | .venv/environment
	$(INSTALL) --editable ".[train]"
	@touch .venv/product $@

.venv/development: pyproject.toml requirements.lock hatch_build.py $(wildcard $(NATIVE)/*.[ch]) | .venv/environment
	$(INSTALL) --editable ".[train,formats,cluster,link]" --group dev --group docs
	$(BIN)/python -m pip install --quiet --no-compile --no-deps bigvgan==2.4.1
	@touch .venv/product .venv/training .venv/docs $@

.venv/docs: .venv/product
	$(INSTALL) --group docs
	@touch $@

clean:
	rm -rf .venv build dist
