# The house's commands. Each works from a fresh clone and sets up what it needs: `make run`, `make test`.

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
INSTALLED := $(VENV)/installed.stamp
CHROMIUM = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
NODE = $(shell command -v node)
SOFFICE = $(shell command -v soffice)
LACKING := $(strip $(if $(CHROMIUM),,chromium) $(if $(NODE),,nodejs) \
	$(if $(SOFFICE),,libreoffice-writer-nogui fonts-crosextra-carlito fonts-liberation))
UNABLE = $(strip $(if $(CHROMIUM),,browser) $(if $(NODE),,node) $(if $(SOFFICE),,libreoffice))
SPACE := $() $()

# Bytecode is compiled once at install; an environment that forbids writing it would make every process start slow.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME

.PHONY: help run demo test check bench bench-documents programs format lock clean $(addprefix check-,format lint types imports rules generated requirements)

help:  ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: $(INSTALLED)  ## start everything on this machine; mail goes to the test mailbox
	$(VENV)/bin/uitpost quickstart

demo: $(INSTALLED)  ## send the sample mailing, show what became of it, end
	$(VENV)/bin/uitpost quickstart --once --expect deploy/sample/expected.json

bench: $(INSTALLED)  ## measure mails from submit to the last accept, and recording at bulk
	$(PY) -m tests.benchmarks.first_row
	$(PY) -m tests.benchmarks.bulk

bench-documents: $(INSTALLED)  ## measure the engines that make documents: how many a second, and their memory
	$(PY) -m tests.benchmarks.documents

test: $(INSTALLED) programs  ## run every test, on each core: real NATS, real SMTP, real browser
	$(PY) -m pytest -n logical --dist worksteal $(if $(UNABLE),-m "not ($(subst $(SPACE), or ,$(UNABLE)))")

# The parts of a check touch different things, so they run side by side and all have their say.
CHECKS := format lint types imports rules generated requirements
check: $(INSTALLED)  ## format, lint, types, import rules, architecture, generated files; under a minute
	@$(MAKE) --no-print-directory -k -j 3 $(if $(filter output-sync,$(.FEATURES)),-O) $(addprefix check-,$(CHECKS))

check-format: $(INSTALLED)
	$(VENV)/bin/ruff format --check --quiet --diff .
check-lint: $(INSTALLED)
	$(VENV)/bin/ruff check --quiet .
check-types: $(INSTALLED)
	$(VENV)/bin/mypy --no-error-summary
check-imports: $(INSTALLED)
	$(VENV)/bin/lint-imports --no-logo
check-rules: $(INSTALLED)
	$(PY) -m pytest -q tests/architecture tests/contract/test_messages.py
check-generated: $(INSTALLED)
	$(PY) -m deploy.generate --check
check-requirements: $(INSTALLED)
	$(PY) -m tests.requirements --check >/dev/null

format: $(INSTALLED)  ## put the code in its usual form
	$(VENV)/bin/ruff format --quiet .
	$(VENV)/bin/ruff check --quiet --fix .

programs:  ## install Debian's programs that some tests need, where they are missing and may be installed
ifneq ($(LACKING),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing for the tests: $(LACKING)."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(LACKING) >/dev/null; \
	else \
		echo "NOT RUN: the tests marked $(UNABLE). To run them: apt-get install $(LACKING)"; \
	fi
endif

lock: $(UV)  ## choose the newest releases that fit pyproject.toml, and pin them by hash
	$(UV) pip compile --universal --generate-hashes --no-header --upgrade --quiet pyproject.toml --extra postgres \
		-o requirements.lock
	$(UV) pip compile --universal --generate-hashes --no-header --upgrade --quiet pyproject.toml --extra postgres \
		--group dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove what was made here; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# ---- setting up ------------------------------------------------------------------------------------------------------

# Where uv finds no index (it does not read pip's settings), pip installs the same hashes, only slower.
$(INSTALLED): requirements-dev.lock pyproject.toml | $(UV)
	@echo "Installing the locked dependencies into $(VENV)."
	@$(UV) pip install --quiet --python $(PY) --compile-bytecode --require-hashes -r requirements-dev.lock \
		|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --offline --editable .
	@touch $@

$(UV): | $(PY)
	@awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements-dev.lock > $(VENV)/uv-alone.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv-alone.lock

# Any that is named is taken if it fits; else each of these is asked, for the newest python3 of the path may be too old.
# One that is a program by itself comes first: with its parts in a shared library the same work takes a quarter longer.
FITS = import ensurepip, os, sys, venv; \
	maps = "/proc/self/maps"; \
	is_shared = os.path.exists(maps) and "libpython" in open(maps).read(); \
	sys.exit(sys.version_info < (3, 11) or is_shared > int(sys.argv[1]))
FIND_PYTHON = for shared in 0 1; do \
		for python in $(or $(PYTHON),python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11); do \
			$$python -c '$(FITS)' $$shared 2>/dev/null && echo $$python && exit; \
		done; \
	done

$(PY):
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "No Python 3.11 or newer with venv here: installing python3-venv."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
		python=$$($(FIND_PYTHON)); \
	fi; \
	if [ -z "$$python" ]; then \
		echo "uitpost needs Python 3.11 or newer with its venv module, and this machine has none." >&2; \
		echo "Install it (Debian, Ubuntu: apt-get install python3-venv; macOS: brew install python)," >&2; \
		echo "or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi; \
	$$python -m venv $(VENV)
