# Everything starts here. `make run` needs Python 3.11+ with pip and make, nothing else.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# venv without ensurepip and pip from outside: a bare Debian has no python3-venv. No notices of pip's about itself or root.
PIP := $(PYTHON) -m pip --python $(RUN) --disable-pip-version-check
INSTALL := PIP_ROOT_USER_ACTION=ignore $(PIP) install -qq --require-hashes

# Where Python may keep no bytecode, each process of a copy compiles everything again: twice the time of a start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-start again test-bare install install-test browser check messages scan fuzz bench bench-console \
	ledger lock deb test-deb clean
.DEFAULT_GOAL := run

run: install
	@exec $(RUN) manage.py up

install: $(VENV)/installed

$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Gatepost needs Python 3.11 or newer; set PYTHON=…")'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "Gatepost needs pip: install python3-pip (Debian: apt-get install python3-pip)."; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv --without-pip $(VENV)
	@echo "Installing the libraries into $(VENV) (once; about half a minute)…"
	@$(INSTALL) -r requirements.lock
	@touch $@

install-test: $(VENV)/installed-test

$(VENV)/installed-test: requirements-test.lock $(VENV)/installed
	@echo "Installing the test tools into $(VENV) (once)…"
	@$(INSTALL) -r requirements-test.lock
	@touch $@

# While the checks run, one Python compiles the tests, which otherwise each process of them would do for itself.
# One process more than cores: many tests wait for processes that they have started. A browser leaves no core idle.
test: install-test browser
	@$(RUN) -m pytest -qq --collect-only -p no:cacheprovider >/dev/null 2>&1 & \
	$(MAKE) --no-print-directory check; checked=$$?; wait; exit $$checked
	@$(RUN) -m pytest -q -m "not browser and not scan" -n $$(($$(nproc) + 1)) --cache-clear; usual=$$?; \
	$(RUN) -m pytest -q -m browser -n auto $$(grep -rlE 'mark\.browser\b' tests --include='test_*.py') && exit $$usual

# The start and the decisions alone, without the properties, which no Python makes others.
test-start: install-test
	@$(RUN) -m pytest -q -n auto -m "not hypothesis" tests/processes/test_up.py tests/config tests/smtp tests/receive tests/send tests/trace

# What failed, once more and alone; two tests may need that, and are named.
again: install-test
	@$(RUN) -m tests.again

# The same in a bare Debian: `make test-bare SUITE=trixie ACCOUNT=dev` (root and debootstrap are needed).
SUITE ?= bookworm
ACCOUNT ?= root
test-bare:
	@tests/bare_debian.sh $(SUITE) $(ACCOUNT)

# A package for the Debian that this machine runs, into dist/ (docs/debian.md).
deb:
	@packaging/build_deb.sh dist

# The package of the last commit, built, installed, upgraded and purged in a bare Debian that systemd has booted.
test-deb:
	@tests/debian_package.sh $(SUITE)

check: install-test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

# Brings the German catalogue after the code, and names what has no German yet.
messages: install-test
	@$(RUN) -m tests.messages

browser: install-test
	@$(RUN) -m tests.browser

# Scanners that are installed (nmap, testssl, sslyze) on a transport of their own; the others are named as skipped.
scan: install-test
	$(RUN) -m pytest tests/safety/test_scanners.py

# A million lines of nonsense against the core, and over a socket, what the what-if says against a live transport, and a
# thousand examples of each property; `make fuzz FUZZ="--lines 5000 --seed 7"` for others.
fuzz: install-test
	$(RUN) -m tests.fuzz $(FUZZ)
	PAIRS=10000 $(RUN) -m pytest -q -s tests/trace/test_what_if_live.py
	$(RUN) -m pytest -q -n auto -m hypothesis --hypothesis-profile=many --timeout 1800

# `make bench BENCH=large` for large messages alone, `BENCH=backlog` for what mail that waits costs the rest,
# `BENCH=cores` for what several transports on one node cost and take, `BENCH=strangers` for 20,000 idle sessions,
# `BENCH=nodes` for what two nodes take beside one.
bench: install
	$(RUN) -m tests.bench $(BENCH)

# The console's pages with a million sessions and recipients; `make bench-console BENCH="--part 100"` for a hundredth of it.
bench-console: install
	$(RUN) -m tests.bench.console $(BENCH)

ledger: install
	$(RUN) manage.py ledger

# uv is needed for this one only.
lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra test -c requirements.lock \
		pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
