# Two commands on a fresh machine with Python 3.11+ and make: `make quickstart` and `make test`.
# Both set up .venv in this checkout; run again, they take seconds for what is already there.

PYTHON ?= python3
SOURCE ?= stdlib
RUN ?= runs/quickstart
BIN := .venv/bin

.PHONY: quickstart ablation test check format bench soak clean

quickstart: .venv/.runtime
	$(BIN)/midspan run recipes/quickstart.yaml --run $(RUN) --source $(SOURCE)
	@echo
	@echo "The report:      $(RUN)/report.html"
	@echo "The playground:  $(BIN)/midspan serve $(RUN)"

# The same pre-training without fill-in-the-middle, and the report with the comparison in it.
ablation: quickstart
	$(BIN)/midspan run recipes/ablations/no-fim.yaml --run $(RUN)-no-fim --source $(SOURCE)
	$(BIN)/midspan report $(RUN)

test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 $(PYTEST)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Measurements against peers; each prints a ratio. Figures go to docs/results/.
bench: .venv/.dev
	$(BIN)/python benchmarks/training.py
	$(BIN)/pip install --quiet --editable ".[bench]"
	$(BIN)/python benchmarks/corpus.py

# The long form of the resume test: kills a run at many more random moments.
soak: .venv/.dev
	MIDSPAN_KILLS=40 $(BIN)/pytest tests/test_resume.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11; try make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/.dev: .venv/.runtime
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv runs
