# Two commands: `make run` executes the course into build/html, `make test` runs all that CI runs.
ifeq ($(OS),Windows_NT)
  PYTHON ?= python
  BIN := .venv/Scripts
else
  PYTHON ?= python3
  BIN := .venv/bin
endif
INSTALLED := .venv/.installed

# A .venv holds the name of the folder that it was made in. In a folder that was moved or copied its
# programs do not start, or run the notebooks of the folder that it came from.
define FROM_HERE
import os, course_lib; print(os.path.samefile(os.path.dirname(course_lib.__file__), 'course_lib'))
endef
ifneq ($(wildcard $(INSTALLED)),)
  ifneq ($(shell $(BIN)/python -I -c "$(FROM_HERE)" 2>&1 || echo none),True)
    MOVED := yes
  endif
endif

# One thread a process: two workers then use two cores, and results do not depend on the machine.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMBA_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
export PYTHONHASHSEED := 0
export PYTHONUTF8 := 1
# Stray settings of the user's must not reach the course's own Python.
unexport PYTHONPATH
unexport MPLBACKEND

# Poorer processors and other numbers of threads; the variables mean nothing on other kinds (ARM).
AVX2 := ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 NUMBA_CPU_NAME=haswell OPENBLAS_CORETYPE=Haswell
PLAIN := ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 NUMBA_CPU_NAME=x86-64 OPENBLAS_CORETYPE=Prescott
THREADS = OMP_NUM_THREADS=$(1) OPENBLAS_NUM_THREADS=$(1) MKL_NUM_THREADS=$(1) NUMBA_NUM_THREADS=$(1)
NETWORKS := tests/kernels tests/models tests/training tests/zoo tests/test_contract.py tests/cli/test_networks.py

.PHONY: help run test test-portable portable-kind test-wheels test-browser site lab notebooks bench format lint tests nbval install clean

help:
	@echo "make run [NB=03]   execute the notebooks into readable pages (build/html)"
	@echo "make lab           write your own copies into workspace/ and open JupyterLab (ARGS=--no-browser)"
	@echo "make site          the course as a web site, build/site (ARGS=--zip packs it; needs Python 3.12)"
	@echo "make test          everything that CI runs"
	@echo "make test-portable networks and notebooks, as poorer processors and other numbers of threads compute"
	@echo "make test-wheels   both wheels, installed without the checkout; notebook 03 runs there, too"
	@echo "make test-browser  pages, the site and JupyterLab in Chromium; nothing is asked of anybody else"
	@echo "make notebooks     re-execute the notebooks and store their outputs"
	@echo "make bench         speed and size against other libraries (ONLY=ar for one group)"
	@echo "make format        format the code"

ifdef MOVED
.PHONY: $(INSTALLED)
$(INSTALLED):
	$(error .venv belongs to another folder, or to a Python that is gone; delete it, and make will install anew)
else
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'need Python 3.11 or newer, got ' + sys.version.split()[0] + '; try: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	@echo "installing into .venv, once: it takes minutes, and gigabytes where torch comes with CUDA"
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt -e ".[dev]" \
		|| (echo "nothing is installed yet: pip says above why. It needs the network, and room on the disk; then type the same again" && exit 1)
# aisfx pins old versions of what is here already, and needs none of them.
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps aisfx==0.1.2
	$(BIN)/course prepare
	$(BIN)/python -c "open('$(INSTALLED)', 'w').close()"
endif

install: $(INSTALLED)

run: $(INSTALLED)
	$(BIN)/course run $(NB)

lab: $(INSTALLED)
	$(BIN)/course lab $(ARGS)

# Sphinx 9.1.1 wants Python 3.12; pip would bring nothing on an older one, and `course site` says so.
site: $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt -e ".[dev,site]"
	$(BIN)/course site $(ARGS)

notebooks: $(INSTALLED)
	$(BIN)/course run --in-place $(NB)

bench: $(INSTALLED)
	$(BIN)/course bench $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON))

test: lint tests nbval

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

tests: $(INSTALLED)
	$(BIN)/pytest tests -n 2 --dist loadscope

nbval: $(INSTALLED)
	$(BIN)/pytest notebooks --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
		--nbval-cell-timeout 300 -n 2 --dist loadscope

# The notebooks' stored outputs must come out the same on each kind.
test-portable: $(INSTALLED)
	$(AVX2) $(MAKE) portable-kind
	$(PLAIN) $(MAKE) portable-kind
	$(MAKE) portable-kind $(call THREADS,4)

portable-kind:
	@$(BIN)/python -c "import torch; print('computing as', torch.backends.cpu.get_cpu_capability())"
	$(BIN)/pytest $(NETWORKS) -n 2 --dist loadscope
	$(MAKE) nbval

# An empty expression after -m: what pyproject.toml leaves out as slow runs as well.
test-wheels: $(INSTALLED)
	$(BIN)/pytest tests/test_wheels.py -m ""

# Chromium is the system's, where it has one, and otherwise Playwright's own.
test-browser: $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt -e ".[dev,browser,site]"
	$(BIN)/pytest tests/browser -m ""

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
