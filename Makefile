# make run   set up once, then open the app          make test      the whole test suite
# make audit known vulnerabilities of the packages   make torture   hostile files, crashes, crowds
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench screenshots torture audit clean

run: $(VENV)/.ready
	$(BIN)/streamlit run streamlit_app.py

# Files side by side, one on each core, in their order: a browser's tests leave a loop behind that others would meet.
test: $(VENV)/.ready-to-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.ready-to-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m core documents --check

# The pictures of the README, light and dark.
screenshots: $(VENV)/.ready-to-test
	$(BIN)/python -m tests.screenshots

# Everything measured side by side, into benchmarks/RESULTS.md; a quiet machine gives better figures.
bench: $(VENV)/.ready-to-test benchmarks/.anomalib/.ready
	$(BIN)/python -m benchmarks

torture: $(VENV)/.ready-to-test
	$(BIN)/python -m tests.torture

audit: $(VENV)/.ready-to-test
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-audit.txt
	$(BIN)/python -m tests.audit

clean:
	rm -rf $(VENV) benchmarks/.anomalib

# A stamp is written last: an interrupted installation, or a changed list, builds the environment anew.
$(VENV)/.ready: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Misfit needs Python 3.11 or newer; try make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.ready-to-test: $(VENV)/.ready requirements-test.txt
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-test.txt
	touch $@

# anomalib has an environment of its own, which sees Misfit's packages (torch) and adds its many others.
benchmarks/.anomalib/.ready: $(VENV)/.ready-to-test benchmarks/requirements-anomalib.txt
	$(BIN)/python -m venv --clear benchmarks/.anomalib
	$(BIN)/python -c 'import sysconfig as s; print(s.get_path("purelib"))' \
	  > $$(benchmarks/.anomalib/bin/python -c 'import sysconfig as s; print(s.get_path("purelib"))')/misfit.pth
	benchmarks/.anomalib/bin/python -m pip install --disable-pip-version-check -r benchmarks/requirements-anomalib.txt
	touch $@
