# `make run` and `make test` need a POSIX shell, make, Python 3.11 with venv, and the package registries; no more.
.POSIX:
.PHONY: help run ui test test-nightly lint format bench pictures proto seed lock install clean

PYTHON = python3
BIN = .venv/bin
# Passed on to the command, as in: make test ARGS="tests/unit -k fsm"
ARGS =
# Test processes: one a core, but no more than four, since each has a database and may start a server.
WORKERS = auto

help:
	@echo 'make run      the whole service on this machine; Ctrl-C stops it, the data is kept in .data'
	@echo 'make ui       build the admin UI, which a running gateway then serves; make run does that too'
	@echo 'make test     all tests'
	@echo 'make test-nightly  the property tests of tests/unit, 10 000 examples each'
	@echo 'make lint     ruff, mypy, and the rules of who may import whom; biome and tsc for the admin UI'
	@echo 'make format   put the code in order, as lint wants it'
	@echo 'make bench    the benchmarks, on a stack of their own'
	@echo 'make pictures the pictures of the admin UI in docs, taken anew (needs chromium)'
	@echo 'make proto    generate all that follows from proto/'
	@echo 'make seed     data for the running instance: make seed ARGS="--tickets 1000000"'
	@echo 'make lock     write requirements/ anew from pyproject.toml, versions raised'
	@echo 'make clean    remove all that was installed or cached, but not the data'
	@echo
	@echo 'Settings: TICKETS_DATA_DIR (.data), TICKETS_GRPC_PORT (50051), TICKETS_HTTP_PORT (8080).'

install:
	@$(PYTHON) scripts/install.py

# Where npm's registry is out of reach there is all but the admin UI.
run: install
	@$(BIN)/python scripts/admin_ui.py build || true
	@exec $(BIN)/tickets up $(ARGS)

ui: install
	@$(BIN)/python scripts/admin_ui.py build

# Without the Node packages the tests of the TypeScript client and of the admin UI are skipped; in CI they fail.
test: install
	-@scripts/node_packages.sh
	@exec $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=4 $(ARGS)

# Random histories of the SLA clock above all; takes tens of minutes, finds what hundreds of examples do not.
test-nightly: install
	@exec $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=4 --hypothesis-profile=nightly --timeout=7200 tests/unit $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python scripts/admin_ui.py packages
	cd admin && ../scripts/npm.sh run --silent check

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@$(BIN)/python scripts/admin_ui.py packages
	cd admin && ../scripts/npm.sh run --silent format

bench: install
	@exec $(BIN)/python -m bench $(ARGS)

pictures: install
	@scripts/node_packages.sh
	TICKETS_PICTURES=$$PWD/docs/pictures $(BIN)/python -m pytest tests/e2e/test_admin_ui.py -k pictures

proto: install
	scripts/proto.sh
	scripts/openapi.sh

# Into the instance that runs here, or into TICKETS_DATABASE_URL.
seed: install
	@$(BIN)/tickets seed $(ARGS)

# No index address and no machine's wheel directory may end up in the repository.
lock: install
	$(BIN)/uv pip compile --upgrade $(LOCK_FLAGS) --extra otlp \
		--output-file requirements/runtime.txt pyproject.toml
	$(BIN)/uv pip compile --upgrade $(LOCK_FLAGS) --extra otlp --extra embedded --group dev \
		--constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml

LOCK_FLAGS = --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	rm -rf *.egg-info clients/python/src/*.egg-info clients/typescript/node_modules
	rm -rf admin/node_modules admin/dist admin/storybook-static admin/test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
