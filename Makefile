# The front door; `make` alone lists what there is. Needs Python >= 3.11 and a package
# index; uv is used where it is installed, else venv and pip. Both install the versions
# and hashes of uv.lock: requirements*.lock are written from it by `make lock`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
LOCKS := uv.lock requirements.lock requirements-dev.lock
EXPORT := export --quiet --frozen --no-default-groups --no-emit-project --format requirements-txt
ARGS ?=
# Where an image forbids Python to keep what it has compiled, every start compiles all
# of it again: a command takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
# Databases of tests outlive no test; in memory they need not wait for a disk.
ROOMY := $(shell [ -w /dev/shm ] && df -Pk /dev/shm | awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm" }')
# More than there are processors: half of a test is waiting for programs and disks.
WORKERS ?= $(shell python3 -c 'import os; print((os.cpu_count() or 1) + 1)')
PYTEST = $(if $(ROOMY),TMPDIR=$(ROOMY)) $(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal

ifneq ($(UV),)
install_runtime = $(UV) sync --quiet --frozen --no-default-groups --inexact
install_dev = $(UV) sync --quiet --frozen --no-default-groups --group dev
else
install_runtime = sh .ci/venv requirements.lock
install_dev = sh .ci/venv requirements-dev.lock
endif

.PHONY: help
help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 18

.PHONY: demo
demo: .venv/.runtime ## Send one weekly digest of real actions to a local outbox, in demo/
	$(BIN)/mailer demo --dir demo $(ARGS)

.PHONY: test
test: .venv/.dev ## Run all tests, each at its everyday depth; ARGS="-k outbox" picks some
	$(PYTEST) $(ARGS)

.PHONY: thorough
thorough: .venv/.dev ## Run again, and for longer, the tests that know a greater depth
	MAILER_TEST_DEPTH=thorough $(PYTEST) -m thorough $(ARGS)

.PHONY: html-validate
html-validate: .venv/.dev ## Fetch html-validate from npm, so that make test can try it
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/html_validate --no-audit --no-fund --ignore-scripts

.PHONY: peers
peers: .venv/.dev ## Fetch servers that others wrote, so that make test can call them
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/peers --no-audit --no-fund --ignore-scripts
	sh .ci/smtp-sink tests/peers/postfix

.PHONY: check
check: .venv/.dev ## Format, lint, types, imports and lock files, without changing anything
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/uv lock --check
	@$(MAKE) --no-print-directory check-export FILE=requirements.lock GROUPS_WANTED=
	@$(MAKE) --no-print-directory check-export FILE=requirements-dev.lock GROUPS_WANTED="--group dev"

.PHONY: check-export
check-export:
	@$(BIN)/uv $(EXPORT) $(GROUPS_WANTED) --no-header | cmp -s - $(FILE) || { \
	  echo "$(FILE) is not what uv.lock says: run make lock" >&2; exit 1; }
	@echo "$(FILE) is in step with uv.lock"

.PHONY: format
format: .venv/.dev ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: .venv/.dev ## Write uv.lock anew from pyproject.toml, and requirements*.lock from it
	$(BIN)/uv lock
	$(BIN)/uv $(EXPORT) --no-header > requirements.lock
	$(BIN)/uv $(EXPORT) --group dev --no-header > requirements-dev.lock

.PHONY: pictures
pictures: .venv/.dev ## Draw the digest at phone and desk width, light and dark, in pictures/
	$(BIN)/python docs/pictures.py --out pictures $(ARGS)

.PHONY: gallery
gallery: .venv/.dev ## Draw every message in every mode for docs/gallery/
	$(BIN)/python docs/gallery.py $(ARGS)

.venv/.runtime: $(LOCKS)
	@$(install_runtime)
	@touch $@

.venv/.dev: $(LOCKS)
	@$(install_dev)
	@touch .venv/.runtime $@
