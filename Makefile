# `make run` and `make test` are all a newcomer needs; `make` lists the rest.
# Every target may be repeated, and interrupted, at any time.

.DEFAULT_GOAL := help
.PHONY: help run worker migrate demo test test-postgres screenshots lint format types clean bench
MAKEFLAGS += --no-print-directory
export PYTHONUTF8 := 1

# The first Python on this machine that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PY := .venv/bin/python
PORT ?= 8000
ARGS ?=

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Running ------------------------------------------------------------------------------------------

run: .venv/.installed .env ## Everything from a fresh clone to server and worker on http://127.0.0.1:8000 (PORT=8001 for another)
	@$(PY) -c "$$PORT_IS_FREE" $(PORT)
	@grep -q '^HELPDESK_BASE_URL=' .env || export HELPDESK_BASE_URL=$${HELPDESK_BASE_URL:-http://127.0.0.1:$(PORT)}; \
	$(PY) manage.py migrate --verbosity 0 && $(PY) manage.py bootstrap && \
	exec $(PY) manage.py serve --port $(PORT)

worker: .venv/.installed .env ## Another background worker; `make run` has one already
	@exec $(PY) manage.py run_worker

# The server would share a port with another one of its kind, and answer every other request.
define PORT_IS_FREE
import socket, sys
probe = socket.socket()
probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    probe.bind(("127.0.0.1", int(sys.argv[1])))
except OSError:
    sys.exit(f"Port {sys.argv[1]} is taken. Stop what runs there, or choose another: PORT=8001 make run")
endef
export PORT_IS_FREE

migrate: .venv/.installed .env ## Bring the database up to date
	@$(PY) manage.py migrate

demo: migrate ## Write the demo data set (TICKETS=1000 for a larger one)
	@$(PY) manage.py seed_demo $(if $(TICKETS),--tickets $(TICKETS))

# --- Checking -----------------------------------------------------------------------------------------

# Where Python may not keep what it compiled, each process of each run would compile the tests and their tools anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.installed-dev ## The whole suite, on SQLite or on DATABASE_URL (ARGS="-k pick" for a part of it)
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

test-postgres: export DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/helpdesk
test-postgres: test ## The same suite on PostgreSQL

screenshots: export SCREENSHOTS := 1
screenshots: test ## Run the suite and renew the pictures in docs/images

lint: .venv/.installed-dev ## Format, lint, types, templates and migrations, without changing anything
	@$(PY) -m ruff format --check --quiet . || { echo "Some files are not formatted: run 'make format'."; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(MAKE) types
	@$(PY) -m djlint --lint --quiet templates
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run

types: .venv/.installed-dev ## Check the types
	@$(PY) -m mypy .

format: .venv/.installed-dev ## Format the code and repair what can be repaired
	@$(PY) -m ruff check --fix --quiet .; $(PY) -m ruff format .

clean: ## Remove the virtual environment and all caches; .env and var/ (your data) stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis .coverage htmlcov
	@find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

bench: .venv/.installed-dev ## Measure against bare floors on PostgreSQL, into docs/benchmarks.md (SIZES=10000,100000,1000000)
	@$(PY) -m benchmarks --write $(if $(SIZES),--sizes $(SIZES)) $(ARGS)
	@$(PY) -m benchmarks.rules --write $(if $(SIZES),--sizes $(SIZES))
	@$(PY) -m benchmarks.imports --write
	@$(PY) -m benchmarks.queue --write $(if $(SIZES),--sizes $(SIZES))

# --- What the targets stand on ------------------------------------------------------------------------

# A stamp is written after a complete installation only: whatever was interrupted is done again.
.venv/.installed: requirements.txt
	@$(call install,requirements.txt)
	@touch $@

.venv/.installed-dev: requirements.txt requirements-dev.txt
	@$(call install,requirements-dev.txt)
	@touch .venv/.installed $@

define install
	if [ -z "$(PYTHON)" ]; then echo "HelpDesk needs Python 3.11 or newer, and found none on this machine." >&2; exit 1; fi; \
	$(PY) -m pip --version >/dev/null 2>&1 || { \
		echo "Creating the virtual environment .venv with $$($(PYTHON) --version) …"; \
		$(PYTHON) -m venv --clear .venv || { \
			echo "Python could not create a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
			exit 1; }; }; \
	echo "Installing what $(1) lists …"; \
	$(PY) -m pip install --quiet --disable-pip-version-check -r $(1)
endef

# Readable by its owner only, complete or not there at all, never overwritten.
.env: | .venv/.installed
	@umask 077 && $(PY) -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50) + "\nHELPDESK_HTTPS=false")' \
		> .venv/new.env && mv -n .venv/new.env .env
