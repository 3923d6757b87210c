PYTHON ?= python3
PORT ?= 8000
CHROMIUM ?= $(shell for name in chromium chromium-browser google-chrome google-chrome-stable \
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; \
	do command -v "$$name" && break; done)
export CHROMIUM
# As in the Dockerfile.
PANGO = libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-dejavu-core

BIN = .venv/bin/
INSTALLED = .venv/.installed
# The package beside which pages are measured has an environment of its own.
OTHER = benchmarks/other
ON_SERVICES = $(BIN)python -m mlops_maturity.devservices run -- $(MAKE) --no-print-directory
LINT = lint-code lint-format lint-templates lint-types lint-migrations lint-deployment lint-dependencies
COMPILE = $(BIN)uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate

.PHONY: help install demo test lint checks format lock clean chromium pango tests chaos fuzz kills faults audit benchmark measurements $(LINT)

help: ## show what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

install: $(INSTALLED) .env ## install what development needs into .venv, and write .env for manage.py

$(INSTALLED): requirements-dev.lock.txt
	@test -w . || { echo 'This folder cannot be written to: copy the checkout to one of yours, and run make there' >&2; exit 1; }
	@command -v $(PYTHON) > /dev/null || { echo 'No $(PYTHON) found: install Python 3.11 or newer, or choose one with PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one with PYTHON=")'
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo 'Python cannot make a virtual environment: apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock.txt
	@touch $@

.env: $(INSTALLED)
	@$(BIN)python -m mlops_maturity.devservices env

demo: install pango ## run the application with demo data, at PORT=8000, until Ctrl-C
	@$(BIN)python -m mlops_maturity.devservices demo --port='$(PORT)'

test: $(INSTALLED) chromium pango ## run every check and every test, on services of their own
	@$(ON_SERVICES) checks CHECKS='$(LINT) tests'

lint: $(INSTALLED) ## run every check but the tests
	@$(ON_SERVICES) checks CHECKS='$(LINT)'

checks:
	@failed=; for check in $(CHECKS); do \
		echo "==> $$check"; $(MAKE) --no-print-directory $$check || failed="$$failed $$check"; \
	done; \
	if [ "$$failed" ]; then echo "Failed:$$failed"; exit 1; else echo 'All is well'; fi

lint-code:
	@$(BIN)ruff check

lint-format:
	@$(BIN)ruff format --check

lint-templates:
	@$(BIN)djlint templates --profile django --lint --quiet

lint-types:
	@$(BIN)mypy

lint-migrations:
	@$(BIN)python manage.py makemigrations --check --dry-run
	@$(BIN)python .ci/migrations.py

lint-deployment:
	@DEBUG=false BASE_URL=https://mlops.example ALLOWED_HOSTS=mlops.example \
		SECRET_KEY="$$($(BIN)python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(BIN)python manage.py check --deploy --fail-level WARNING

# Where no vulnerability service is within reach it says so; `make audit` fails then.
lint-dependencies:
	@$(BIN)python .ci/audit.py --tolerant

# A file's tests stay together and in order: they share services and a demo, and the browser's come last.
tests:
	@$(BIN)pytest --cov --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

chaos: $(INSTALLED) ## make 20,000 requests by chance, kill 100 workers, and have 500 and more faults; CHAOS_…= choose (docs/operations.md)
	@$(ON_SERVICES) fuzz kills faults CHAOS_REQUESTS="$${CHAOS_REQUESTS:-20000}" CHAOS_KILLS="$${CHAOS_KILLS:-100}" \
		CHAOS_WEB_KILLS="$${CHAOS_WEB_KILLS:-500}" CHAOS_RESTARTS="$${CHAOS_RESTARTS:-20}" CHAOS_REDIS="$${CHAOS_REDIS:-10}" \
		CHAOS_DISKS="$${CHAOS_DISKS:-10}" CHAOS_RESPONDENTS="$${CHAOS_RESPONDENTS:-200}" CHAOS_SEED="$${CHAOS_SEED:-$$(date +%s)}"

kills:
	@echo "CHAOS_KILLS=$$CHAOS_KILLS CHAOS_SEED=$$CHAOS_SEED"; $(BIN)pytest -s tests/assessments/test_reminders_chaos.py

faults:
	@echo "CHAOS_SEED=$$CHAOS_SEED"; $(BIN)pytest -s tests/faults

fuzz:
	@echo "CHAOS_REQUESTS=$$CHAOS_REQUESTS CHAOS_SEED=$$CHAOS_SEED"; $(BIN)pytest tests/test_fuzz.py

benchmark: $(INSTALLED) $(OTHER)/.venv/.installed ## measure pages with 10 million answers; BENCHMARK= has other options (benchmarks/README.md)
	@$(ON_SERVICES) measurements

$(OTHER)/.venv/.installed: $(OTHER)/requirements.lock.txt
	$(PYTHON) -m venv $(OTHER)/.venv
	$(OTHER)/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

measurements:
	@DEBUG=false SECRET_KEY="$$($(BIN)python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(BIN)python -m benchmarks $(BENCHMARK)

audit: $(INSTALLED) ## ask a vulnerability service about the packages that are installed in production
	@$(BIN)python .ci/audit.py

chromium:
	@if [ -z "$(CHROMIUM)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get -qq update && apt-get -qq install -y chromium; \
	elif [ -z "$(CHROMIUM)" ]; then \
		echo 'No Chromium or Chrome found: install one (as root: apt install chromium), or say where it is with CHROMIUM=' >&2; exit 1; \
	fi

# What sets the text of PDF reports, with a font; without it all but them works.
pango:
	@if $(BIN)python -c 'import weasyprint' > /dev/null 2>&1 && [ -n "$$(fc-list 2> /dev/null | head -n 1)" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends $(PANGO) || echo 'Without Pango there are no PDF reports' >&2; \
	else echo 'No Pango or no font found, so that there are no PDF reports: as root, apt install $(PANGO)' >&2; fi

format: $(INSTALLED) ## format code
	$(BIN)ruff check --fix
	$(BIN)ruff format

lock: $(INSTALLED) ## pin what pyproject.toml asks for
	$(COMPILE) --output-file requirements.lock.txt pyproject.toml
	$(COMPILE) --output-file requirements-dev.lock.txt --group dev pyproject.toml
	$(COMPILE) --output-file $(OTHER)/requirements.lock.txt --constraint requirements.lock.txt $(OTHER)/requirements.in

clean: ## remove what was installed or made, but no data
	rm -rf .venv $(OTHER)/.venv .env .*_cache .coverage* .hypothesis htmlcov staticfiles test-results
