# The two commands of the README are `make demo` and `make test`; both set everything up by themselves.
PYTHON ?= python3
FOR ?=
PACKAGE ?=
RELEASE ?=
ARCH ?=
KIOSK_VM ?= build/machine
KIOSK_PI ?= build/pi
BESIDE ?= 190a4b7
BIN := .venv/bin
# A worker that dies ends the run as red: begun anew it would meet the same test again, without end. One whose test has
# no end, and does not hear its time-out either, tells where each of its threads is, and dies.
HUNG := -o faulthandler_timeout=700 -o faulthandler_exit_on_timeout=true
AT_ONCE := --dist loadfile --max-worker-restart 0 $(HUNG) -n

# The tests start thousands of programs: none of them compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow test-browser test-soak test-deb test-pi card test-vm test-vm-short test-vm-long test-ha machine mutants fuzz lint bench bench-stores bench-province bench-public bench-other-way deb docs lock man messages pictures setup setup-postgres setup-ha clean audit bench-office

demo: setup
	@$(BIN)/kiosk demo $(if $(FOR),--for $(FOR))

# Most tests wait for programs, so more run at once than there are cores; those of one file stay together.
test: lint
	$(BIN)/pytest $(AT_ONCE) 4 -m "not slow and not soak and not vm and not deb and not pi and not browser and not ha"

test-slow: setup
	$(BIN)/pytest $(AT_ONCE) 4 -m slow

# The display at the door in Debian's Chromium, which is installed where this user may.
test-browser: setup
	@tools/browser.sh
	$(BIN)/pytest $(AT_ONCE) 3 -m browser tests/browser

test-soak: setup
	$(BIN)/pytest -s -m soak

test-deb: setup
	$(BIN)/pytest -m deb

# In the virtual machine of ../shared/vm, which is built first; -short is what CI runs.
test-vm: machine
	KIOSK_VM=$(KIOSK_VM) $(BIN)/pytest -m "vm and not vm_long" tests/vm

test-vm-short: machine
	KIOSK_VM=$(KIOSK_VM) $(BIN)/pytest -s -m vm_short tests/vm

test-vm-long: machine
	KIOSK_VM=$(KIOSK_VM) $(BIN)/pytest -s -m vm_long tests/vm

# Three databases that fail over under load, in namespaces, as root: some ten minutes, and a table.
test-ha: setup setup-ha
	$(BIN)/pytest -s -m ha

machine: setup
	tools/vm.sh $(KIOSK_VM)
	@$(BIN)/pip install -q -e '.[package]'

# The arm64 package on an emulated Raspberry Pi, whose card is built first.
test-pi: card
	KIOSK_PI=$(KIOSK_PI) $(BIN)/pytest -s -m pi tests/pi

card: setup
	@$(BIN)/pip install -q -e '.[package]'
	tools/pi.sh $(KIOSK_PI)

# What frames and decisions cost in instructions of arm64; a few minutes, and a table.
.PHONY: bench-arm64
bench-arm64: card
	tools/pi.sh $(KIOSK_PI) counter
	KIOSK_PI=$(KIOSK_PI) $(BIN)/python -m tests.bench.arm64

mutants: setup
	$(BIN)/pip install -q -e '.[mutants]'
	-$(BIN)/mutmut run
	$(BIN)/python -m tools.mutants

fuzz: setup
	-$(BIN)/pip install -q -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	@$(BIN)/python -m tests.bench

# A door that opens by the code at its display and a phone (Chromium), beside a pass that is read.
bench-other-way: setup
	@$(BIN)/python -m tests.bench other_way

# Live passes a second, beside bare signing and bare HTTP; half a minute.
.PHONY: bench-issuing
bench-issuing: setup
	@$(BIN)/python -m tests.bench.issuing

# A province against the central server, beside the server of another commit; some ten minutes.
bench-province: setup
	$(BIN)/python -m tests.bench.province --beside $(BESIDE)

# The office's pages with a province of 4,540 stations, beside a file; a minute or two.
bench-office: setup
	@$(BIN)/python -m tests.bench.office

# The public pages beside the same bytes as files of nginx, which must be installed; half a minute.
bench-public: setup
	$(BIN)/python -m tests.bench.public

# Beside other stores, in an environment of its own; the folder should lie on what a station has, a card.
bench-stores: setup
	test -d .venv-stores || ($(PYTHON) -m venv .venv-stores && .venv-stores/bin/pip install -q thingsboard-gateway msgspec sqlite-utils)
	tests/bench/stores.sh .venv-stores/bin/python

pictures: setup
	@$(BIN)/python -m tools.pictures

docs: setup
	$(BIN)/python -m tools.docs

deb: setup
	@$(BIN)/pip install -q -e '.[package]'
	@$(BIN)/python -m tools.deb $(if $(PACKAGE),--package $(PACKAGE)) $(if $(RELEASE),--release $(RELEASE)) $(if $(ARCH),--arch $(ARCH))

lock:
	uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	    --custom-compile-command "make lock" -o tools/package/requirements.lock
	$(BIN)/python -m tools.deb --central-needs | uv pip compile - -c tools/package/requirements.lock --generate-hashes --universal \
	    --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" -o tools/package/central/requirements.lock

audit: setup
	@$(BIN)/pip install -q 'pip-audit>=2.7,<3'
	@$(BIN)/python -m tools.audit

man: setup
	$(BIN)/python -m tools.manuals

messages: setup
	$(BIN)/python -m tools.messages

# Debian's PostgreSQL, for the tests of the central server; they start one of their own, and stop it.
setup-postgres:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; }

# What three machines have beside it; patroni in an environment of its own, as Debian 12's loses what was acknowledged.
setup-ha: setup-postgres
	@which etcd etcdctl curl ip >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends etcd-server etcd-client curl iproute2 >/dev/null
	@test -x build/patroni/bin/patroni || { /usr/bin/python3 -m venv build/patroni && build/patroni/bin/pip install -q 'patroni[etcd3]>=4.0.5,<5' 'psycopg[binary]>=3.2,<4'; }

setup:
	@PYTHON="$(PYTHON)" tools/setup.sh

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
