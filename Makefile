# Two commands are enough: `make run` tries the system, `make test` checks all of it.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --quiet install --require-hashes
PACKAGES := api bench card cli domain models schema services tests
CARD_ALONE := build/card-alone
# The pages that run in a browser are built by the Node that the requirements bring.
BROWSER := api/browser
PAGES := $(BROWSER)/dist/scanner/index.html
PAGE_SOURCES := $(shell find $(BROWSER) -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print)
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix $(BROWSER) --loglevel=error

.PHONY: run test check pages lint types contracts unit card-alone docker reset bench soak lock clean

## run: install, start a demo district on http://127.0.0.1:8000 and print how to use it
run: $(VENV)/demo.stamp
	@$(MAKE) --no-print-directory pages || echo "Without their packages from npm the pages are missing; all else runs."
	@exec $(PYTHON) -m cli run

## test: everything that continuous integration checks
test: check

check: lint types contracts docker unit card-alone

## pages: build what runs in a browser, the scanner and the demo phone
pages: $(PAGES)

lint: $(VENV)/check.stamp
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(VENV)/check.stamp $(BROWSER)/node_modules/check.stamp
	$(PYTHON) -m mypy $(PACKAGES)
	$(NPM) run --silent types

contracts: $(VENV)/check.stamp
	$(VENV)/bin/lint-imports --no-cache

docker: $(VENV)/check.stamp
	$(VENV)/bin/hadolint Dockerfile

unit: $(VENV)/check.stamp $(BROWSER)/node_modules/check.stamp $(PAGES)
	rm -f .coverage .coverage.*
	$(PYTHON) -m coverage run -m pytest
	$(PYTHON) -m coverage combine --quiet
	$(PYTHON) -m coverage report --include='card/*,domain/*' --fail-under=100
	$(PYTHON) -m coverage report --omit='card/*,domain/*' --fail-under=95

## soak: ten minutes of a hundred buses, broken networks and a server that is killed again and again
soak: $(VENV)/check.stamp
	SOAK_SECONDS=600 $(PYTHON) -m pytest tests/api/test_buses.py

## card-alone: the scanners' wheel must work, and pass its tests, with nothing else of this project installed
card-alone: $(VENV)/check.stamp
	rm -rf $(CARD_ALONE)
	$(PYTHON) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $(CARD_ALONE) ./card
	$(PYTHON) -m venv $(CARD_ALONE)/venv
	$(CARD_ALONE)/venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/card.txt
	$(CARD_ALONE)/venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps $(CARD_ALONE)/*.whl
	mkdir $(CARD_ALONE)/tests
	cp -r tests/card tests/vectors $(CARD_ALONE)/tests/
	cd $(CARD_ALONE) && venv/bin/python -m pytest -q -c /dev/null --rootdir=. --import-mode=importlib tests/card

## reset: throw the demo's data away
reset: $(VENV)/demo.stamp
	$(PYTHON) -m cli reset

## bench: measure, and write build/bench.json
bench: $(VENV)/check.stamp
	$(PYTHON) -m bench

## lock: resolve the dependencies of pyproject.toml anew (needs uv)
lock:
	$(LOCK) -o requirements/production.txt pyproject.toml
	$(LOCK) --extra demo -o requirements/demo.txt pyproject.toml
	$(LOCK) --extra demo --extra check -o requirements/check.txt pyproject.toml
	$(LOCK) --extra test -o requirements/card.txt card/pyproject.toml

LOCK = uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet

clean:
	rm -rf build $(BROWSER)/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*

$(PAGES): $(PAGE_SOURCES) | $(BROWSER)/node_modules/demo.stamp
	$(NPM) run --silent build

# What building needs, and what checking needs besides; the second comes with the first.
$(BROWSER)/node_modules/demo.stamp: $(BROWSER)/package-lock.json | $(VENV)/demo.stamp
	$(NPM) ci --omit=dev
	@touch $@

$(BROWSER)/node_modules/check.stamp: $(BROWSER)/package-lock.json | $(VENV)/check.stamp
	$(NPM) ci
	@touch $(BROWSER)/node_modules/demo.stamp $@

# A stamp is newer than the lock it was installed from, so a second run installs nothing.
$(VENV)/demo.stamp: requirements/demo.txt | $(PYTHON)
	$(PIP) -r $<
	@touch $@

$(VENV)/check.stamp: requirements/check.txt | $(PYTHON)
	./.ci/packages test
	$(PIP) -r $<
	@touch $@ $(VENV)/demo.stamp

$(PYTHON):
	./.ci/packages
	"$$(./.ci/python)" -m venv $(VENV)
