# Two commands, nothing before them: each builds .venv from locked versions when it is missing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DOCS   := build/docs/venv
BUDGET ?= quick
SUDO   := $(if $(filter-out 0,$(shell id -u)),sudo)
WEB    := chromium nodejs npm
ROCQ   := coq libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics libcoq-mathcomp-zify

.PHONY: verify test test-slow coverage test-minimum wheel mutants prove prove-quick prove-full prove-setup docs site site-setup lint types figures bench lock clean

verify: $(STAMP)  ## the main job: run every claim, write and re-check certificates, print the table
	$(BIN)/dufm verify --budget $(BUDGET) --out out/verify

test: lint types  ## lint, type-check, run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-slow: $(STAMP)  ## the tests that take minutes each: an edit of every compiled source, every figure at full size, every certificate
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

coverage: $(STAMP)  ## the tests again, counting the lines they reach (half as long again)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=term

test-minimum: requirements-minimum.txt  ## the least versions pyproject.toml states: install them and run a part of the tests
	rm -rf build/minimum
	$(PYTHON) -m venv build/minimum
	build/minimum/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-minimum.txt
	build/minimum/bin/python -m pytest -p no:cacheprovider -W ignore::DeprecationWarning tests/test_cli.py tests/test_checker.py tests/test_claims.py

requirements-minimum.txt: pyproject.toml .ci/minimum.py $(STAMP)
	$(BIN)/python .ci/minimum.py > $@

mutants: $(STAMP)  ## false changes of what proofs rest on, one at a time: print those that nothing noticed (under 30 minutes)
	$(BIN)/python -m tests.mutation $(MUTANTS)

wheel: $(STAMP)  ## build the wheel, install it with locked versions under build/, run the main job there: outside the checkout, and
                 ## with nothing compiled before
	rm -rf build/installed build/wheel build/lib build/bdist*
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w build/wheel .
	$(PYTHON) -m venv build/installed
	build/installed/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	build/installed/bin/python -m pip install --quiet --disable-pip-version-check --no-deps build/wheel/dufm-*.whl
	folder=$$(mktemp -d) && program=$$PWD/build/installed/bin/dufm && cd $$folder && $$program verify --budget quick

prove-setup:  ## install the Rocq prover (Coq 8.16) and its mathcomp library from Debian's packages
	$(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends $(ROCQ)

prove: $(STAMP)  ## as verify, and every theorem and certificate checked by the Rocq kernel
	$(BIN)/dufm verify --formal --budget $(BUDGET) --out out/verify

prove-quick: $(STAMP)  ## the theorems and a sample of certificates, true and spoiled, in the Rocq kernel
	$(BIN)/python -m pytest tests/test_formal.py tests/test_formal_kernel.py -rs -m 'not slow'

prove-full: $(STAMP)  ## every certificate, every atlas cell and a thousand spoiled ones, in both checkers
	DUFM_FORMAL=full $(BIN)/python -m pytest tests/test_formal.py tests/test_formal_kernel.py -rs -m 'slow or not slow'

docs: $(STAMP) $(DOCS)/.installed  ## the documentation as a site under build/docs/site; a warning is an error; it opens from the disk
	$(BIN)/dufm claims --json > build/docs/claims.json
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet
	@echo build/docs/site/index.html

$(DOCS)/.installed: requirements-docs.lock
	rm -rf $(DOCS)
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/basedpyright

site-setup:  ## install Chromium, Node and npm from Debian's packages, and the driver of the browser tests from npm (locked)
	command -v chromium node npm >/dev/null || { $(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends $(WEB); }
	cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund

site: $(STAMP)  ## build the web atlas under out/site and run its tests, in a browser too where `make site-setup` was run
	rm -rf out/site
	$(BIN)/dufm site --out out/site $(if $(wildcard out/verify/report.json),--verdicts out/verify/report.json)
	$(BIN)/python -m pytest tests/test_site.py tests/test_site_checker.py -rs

figures: $(STAMP)  ## regenerate every figure under out/figures
	$(BIN)/dufm figures --out out/figures

bench: $(STAMP)  ## speed, as ratios against named peers in the same run (about 8 minutes)
	$(BIN)/python -m benchmarks

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("dufm needs Python 3.11 or newer; found %d.%d: set PYTHON=python3.x" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock:  ## refresh requirements.lock from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --extra dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --group docs -o requirements-docs.lock

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .ruff_cache .hypothesis
