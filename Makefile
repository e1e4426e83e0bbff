# Every command of the house. `make` alone lists them.

PYTHON  ?= python3
WORKERS ?= 4
ARGS    ?=

BIN       := .venv/bin
INSTALLED := .venv/.installed
ASSETS    := src/largesse/static/.built
COMPILE   := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
             --generate-hashes --no-header --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: catalogues help setup browser run serve test soak screenshots check format bench lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(INSTALLED) $(ASSETS) ## Make .venv with everything in it

# No build isolation: the build backend comes from the lock too.
$(INSTALLED): pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(ASSETS): frontend/package.json frontend/package-lock.json frontend/build.mjs $(wildcard frontend/src/*)
	cd frontend && npm ci --silent
	mkdir -p src/largesse/static/swagger-ui
	cd frontend/node_modules/swagger-ui-dist && \
	    cp swagger-ui.css swagger-ui-bundle.js $(CURDIR)/src/largesse/static/swagger-ui/
	cd frontend && npm run build --silent
	@touch $@

run: setup ## Play the vendors' documented requests, and exit
	$(BIN)/largesse demo --play

serve: setup ## Serve the demo data on http://127.0.0.1:8000
	$(BIN)/largesse serve --demo

# Debian's, because the one that Playwright would fetch comes from no package registry.
browser:
	@command -v chromium chromium-browser google-chrome > /dev/null || \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium > /dev/null; }

test: setup browser ## Run the tests; ARGS="-k word" chooses
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

# Each test of it ends by itself; together they are bounded to 10 minutes.
soak: setup browser ## Run the long tests of faults
	timeout 600 $(BIN)/pytest -m soak -n 2 $(ARGS)

screenshots: setup browser ## Take a picture of every admin page
	$(BIN)/python -m tests.admin.screenshots docs/screenshots

check: setup ## Check format, lint, types, imports and generated pages
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/largesse coverage --check
	$(BIN)/largesse settings --check

format: setup ## Format, and mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

catalogues: setup ## Bring the pages' texts into their catalogues; ARGS=fr begins one
	$(BIN)/python -m largesse.admin.catalogues $(ARGS)

bench: setup ## Measure
	$(BIN)/python -m benchmarks $(ARGS)

# Versions move only with ARGS=--upgrade.
lock: setup ## Rewrite requirements/ from pyproject.toml
	$(COMPILE) $(ARGS) --output-file requirements/runtime.txt
	$(COMPILE) $(ARGS) --extra demo --extra parquet --group dev --constraint requirements/runtime.txt \
	    --output-file requirements/dev.txt

clean: ## Remove what make made
	rm -rf .venv frontend/node_modules src/largesse/static .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
