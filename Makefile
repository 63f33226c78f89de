# `make lab` opens the notebooks and `make test` runs the tests, each from a fresh clone. `make` alone lists the rest.
#   extra flags       make test ARGS="-x -k gradient"        make lab ARGS="--no-browser --port=9999"
#   another Python    make lab PYTHON=/path/to/python3.12
#   some notebooks    make run NOTEBOOKS=notebooks/01_data_loading.ipynb

PYTHON ?= python3.13 python3.12 python3.11 python3 python
NOTEBOOK ?= notebooks/01_data_loading.ipynb
NOTEBOOKS ?= $(sort $(wildcard notebooks/*.ipynb))
UV := $(shell command -v uv 2>/dev/null)
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALL = $(if $(UV),"$(UV)" pip install --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check)
AS_ROOT = $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# The kernel is the one in .venv, also where the user has another one of the same name.
export JUPYTER_PREFER_ENV_PATH := 1

.PHONY: help lab lecture test check test-all test-site test-oldest test-cpus coverage mutants run student assignments quiz slides site notebooks figures bench bench-class lint clean

help:
	@echo "make lab         open the notebooks in JupyterLab"
	@echo "make lecture     a notebook as slides whose panels are live; another one: NOTEBOOK=notebooks/02_single_layer_net.ipynb"
	@echo "make test        run the tests, and every notebook"
	@echo "make check       lint, and the tests of the core and of texts: less than a minute"
	@echo "make test-all    what make test leaves out: whole notebooks in JupyterLab and in Notebook 7, the wheel"
	@echo "make test-site   run every notebook and the playground in a browser without a kernel (wants NNLIB_PYODIDE=folder)"
	@echo "make test-oldest run every test with the lowest versions that requirements.txt allows (wants uv)"
	@echo "make test-cpus   run what computes with other processors' kernels, and show which this one has"
	@echo "make coverage    run the tests that need no browser, and list the lines and branches of nnlib that none reaches"
	@echo "make mutants     change the core in a thousand small ways, and list the changes that no test notices"
	@echo "make run         execute the notebooks, and leave HTML pages in build/"
	@echo "make student     copies without solutions and answers, in build/student/; an edited copy is never written over"
	@echo "make assignments the exercises for nbgrader and for Otter Assign, in build/assignments/"
	@echo "make quiz        all predictions as a question bank for Moodle, build/quiz.gift"
	@echo "make slides      a lecture of each notebook that needs no network, in build/slides/"
	@echo "make site        the site, in build/site/: book, notebooks and panels that run in the browser; PYODIDE=folder puts Pyodide inside"
	@echo "make notebooks   execute the notebooks in place, as they are committed, and write their figures"
	@echo "make figures     write figures/ from the pictures that the notebooks hold"
	@echo "make bench       run the benchmarks, on a machine that has nothing else to do, and write benchmarks/results.md"
	@echo "make bench-class what 1, 5, 15 and 30 students on one server need: a quarter of an hour"
	@echo "make lint        check style, format and spelling, notebooks included, and types"
	@echo "make clean       remove build/ but for what somebody edited there, and caches (.venv stays)"

lab: .venv/ready
	exec $(BIN)/python -m jupyterlab notebooks/01_data_loading.ipynb --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) $(ARGS)

lecture: .venv/ready
	exec $(BIN)/python tools/lecture.py $(NOTEBOOK) $(AS_ROOT) $(ARGS)

# A file is run by one process: what its tests share is made once. The longest stand first.
TOGETHER = -n auto --dist loadfile --no-loadscope-reorder

test: .venv/ready
	$(BIN)/python -m pytest $(TOGETHER) $(ARGS)

test-all: .venv/ready
	$(BIN)/python -m pytest $(TOGETHER) -m slow $(ARGS) tests

# Of the core alone: what a change there breaks shows here first.
check: lint
	$(BIN)/python -m pytest -q $(TOGETHER) $(ARGS) $(addprefix tests/test_,$(addsuffix .py,activations losses layers \
	    optimizers network training checks calibration exercises imports notation references))

# In an environment of its own, build/oldest; NumPy 1.26 knows no Python above 3.12.
test-oldest:
	@if [ -z "$(UV)" ]; then echo "make test-oldest wants uv: https://docs.astral.sh/uv/" >&2; exit 1; fi
	@mkdir -p build
	"$(UV)" venv --quiet --allow-existing --python ">=3.11,<3.13" build/oldest
	"$(UV)" pip install --quiet --resolution lowest-direct --python $(subst .venv,build/oldest,$(BIN))/python -r requirements.txt
	$(subst .venv,build/oldest,$(BIN))/python -m pytest $(ARGS)

test-cpus: .venv/ready
	$(BIN)/python tools/other_cpus.py $(ARGS)

# Without the tests that drive a browser or make the site. What it measures and its least value: pyproject.toml.
coverage: .venv/ready
	$(INSTALL) --quiet "coverage>=7.10,<8"
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(TOGETHER) $(ARGS) $(filter-out $(addprefix tests/test_,$(addsuffix .py, \
	    browser% site% assignments lecture live make panels_page slides)),$(wildcard tests/test_*.py))
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

# A part: make mutants ARGS="nnlib.layers*". It works on a copy in mutants/; what it tries stands in pyproject.toml.
mutants: .venv/ready
	$(INSTALL) --quiet "mutmut>=3.8,<4"
	$(BIN)/python -m mutmut run $(ARGS)
	$(BIN)/python -m mutmut results

run: .venv/ready
	$(BIN)/python tools/run_notebooks.py $(ARGS) $(NOTEBOOKS)

notebooks: .venv/ready
	$(BIN)/python tools/run_notebooks.py --inplace $(ARGS) $(NOTEBOOKS)
	$(BIN)/python tools/write_figures.py $(NOTEBOOKS)

figures: .venv/ready
	$(BIN)/python tools/write_figures.py $(ARGS) $(NOTEBOOKS)

student: .venv/ready
	$(BIN)/python tools/student.py $(ARGS) $(NOTEBOOKS)

assignments: .venv/ready
	$(BIN)/python tools/assignments.py $(ARGS) $(NOTEBOOKS)

quiz: .venv/ready
	$(BIN)/python tools/quiz.py $(ARGS) $(NOTEBOOKS)

slides: .venv/ready
	$(BIN)/python tools/slides.py $(ARGS) $(NOTEBOOKS)

# PYODIDE=folder: a Pyodide distribution, put inside, so that the site asks for nothing outside itself.
site: .venv/site/ready
	$(SITE)/python tools/site.py $(if $(PYODIDE),--pyodide "$(PYODIDE)") $(ARGS)

test-site: .venv/site/ready
	$(SITE)/python -m pytest -m site $(ARGS) tests

# An environment of its own: JupyterLite's kernel, installed beside JupyterLab, is an extension that fails there.
SITE = $(subst .venv,.venv/site,$(BIN))

.venv/site/ready: site/requirements.txt .venv/ready
	rm -rf .venv/site
	$(if $(UV),"$(UV)" venv --quiet --python $(BIN)/python .venv/site,$(BIN)/python -m venv .venv/site)
	$(subst $(BIN),$(SITE),$(INSTALL)) -r requirements.txt -r site/requirements.txt
	@touch $@

bench: .venv/ready
	$(BIN)/python benchmarks/report.py $(ARGS)
	NNLIB_LIVE_MINUTES=10 $(BIN)/python -m pytest -q -s -m times tests

bench-class: .venv/ready
	$(BIN)/python benchmarks/classroom.py $(ARGS)

lint: .venv/ready
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m codespell_lib
	$(BIN)/python -m mypy

clean:
	@for python in $(BIN)/python $(PYTHON) ""; do "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null && break; done; \
	if [ -n "$$python" ]; then "$$python" tools/clean.py build; \
	else echo "build/ stays: no Python 3.11 or newer was found that could tell what was edited there" >&2; fi
	rm -rf mutants .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name .venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# .venv/ready is written last: an install that was interrupted is begun again.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.venv/ready: requirements.txt $(wildcard requirements/*.txt) pyproject.toml
	@rm -f $@
	@if $(BIN)/python -c '$(if $(UV),,import pip; )$(NEW_ENOUGH)' 2>/dev/null; then exit 0; fi; \
	rm -rf .venv; \
	for python in $(PYTHON) ""; do "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null && break; done; \
	if [ -z "$$python" ]; then \
	    echo "Python 3.11 or newer is needed, and none was found as: $(PYTHON)." \
	        "Install it from https://www.python.org/downloads/ or name yours: make lab PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	fi; \
	echo "Making .venv with $$python"; \
	if [ -n "$(UV)" ]; then "$(UV)" venv --python "$$(command -v "$$python")" .venv && exit 0; rm -rf .venv; exit 1; fi; \
	"$$python" -m venv .venv >/dev/null && exit 0; \
	rm -rf .venv; \
	echo "$$python could not make .venv. On Debian and Ubuntu, 'sudo apt install python3-venv' adds what is missing;" \
	    "then run make again." >&2; \
	exit 1
	$(INSTALL) -r requirements.txt
	@touch $@
