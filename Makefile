# `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CODE := appliance comm_server common home onebox updater
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# The switch that tests make calls with, kept between runs; another clone's can be named here.
export CALLSTEAD_TEST_SWITCH ?= $(CURDIR)/build/switch
# Whole files to each worker, in the order that tests/conftest.py gives them.
BY_FILE := --dist loadfile --no-loadscope-reorder
PARALLEL := $(BIN)/python -m pytest -n auto $(BY_FILE) -m "not long and not slow"
# Whole processes wait more than they work.
SLOW := $(BIN)/python -m pytest -n 2 $(BY_FILE) -m "slow and not long"

# A target's help is the text after its `##`.
.DEFAULT_GOAL := help
.PHONY: help run demo setup setup-dev switch test coverage check lint drills drill-phone fuzz phone products bench-errors bench-updates bench-rollout bench-chat bench-desk bench-phone conformance screenshots docs lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' $(MAKEFILE_LIST) | \
		while read -r make target text; do printf '  make %-10s %s\n' "$$target" "$$text"; done

run: $(VENV)/web.stamp ## start a whole site and a small home here, in the foreground
	@exec $(BIN)/callstead run

demo: $(VENV)/web.stamp ## play the story of an error going home and a fix coming back
	@exec $(BIN)/callstead demo

setup: $(VENV)/web.stamp ## make .venv with what `make run` needs, and stop there

setup-dev: $(VENV)/dev.stamp $(VENV)/web.stamp ## make .venv with what the tests need too, and stop there
	@packaging/system-packages.sh test

switch: setup-dev ## bring the switch that tests make calls with, into build/switch (once; half a minute)
	@CALLSTEAD_APPLIANCE_DATA_DIR="$(CALLSTEAD_TEST_SWITCH)" $(BIN)/callstead appliance telephony install

test: setup-dev switch lint ## everything: style, types, import rules, all tests but the long drills
	@$(PARALLEL)
	@$(SLOW)

coverage: setup-dev switch ## which lines the tests run through; half as long again as the tests alone
	@$(PARALLEL) --cov --cov-report=
	@$(SLOW) --cov --cov-append --cov-report=
	@$(BIN)/coverage report

check: setup-dev lint ## the fast ones, in under a minute: style, types, import rules, unit tests
	@$(PARALLEL) -q tests/architecture tests/unit

lint: $(VENV)/dev.stamp ## style, format and types alone
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

drills: switch ## the long form: every process killed at every step of both flows
	@$(BIN)/python -m pytest -m long tests/drills

drill-phone: switch ## kills, hang-ups and silence in every state of a call, on the real switch (half an hour)
	@$(BIN)/python -m pytest -m long tests/drills/test_a_call_survives_kills.py tests/drills/test_who_vanishes_from_a_call.py

fuzz: setup-dev ## the long form of what is thrown at REST and at the WebSocket (half an hour)
	@$(BIN)/python -m pytest -m long tests/web/appliance/test_fuzzed_rest.py tests/web/appliance/test_fuzzed_frames.py

products: $(VENV)/run.stamp ## build appliance, comm and updater as programs that need no Python, in build/
	@$(BIN)/python packaging/products/build.py appliance comm updater --out build

phone: switch ## the long form of telephony on the real switch, its drills among it
	@$(BIN)/python -m pytest -m long tests/contract/telephony

bench-errors: $(VENV)/dev.stamp ## measure intake, digest, mail and a storm beside Bugsink (a quarter of an hour)
	@PYTHONPATH=. $(BIN)/python bench/errors.py $(BENCH)

bench-updates: $(VENV)/dev.stamp ## measure deltas of the appliance's own tree against tufup and tar.gz
	@$(BIN)/python bench/updates.py

bench-rollout: $(VENV)/dev.stamp ## measure a release over 200 simulated clients of one site
	@$(BIN)/python bench/rollout.py

bench-chat: $(VENV)/dev.stamp ## measure chats at 1,000 to 10,000 visitors beside socket.io and python-socketio
	@PYTHONPATH=. $(BIN)/python bench/chat.py $(BENCH)

bench-desk: setup-dev ## measure how quickly the desk answers a key, with 300 conversations and 2,000 messages
	@PYTHONPATH=. $(BIN)/python bench/desk.py $(BENCH)

bench-phone: switch ## measure calls routed to 200 agents beside the switch's own queue, and 150 recorded ones
	@PYTHONPATH=. $(BIN)/python bench/phone.py $(BENCH)

conformance: setup-dev ## the public TUF conformance suite; SUITE= its clone, beside it `faketime` is needed
	@cd "$(SUITE)" && "$(CURDIR)/$(BIN)/python" -m pytest -q tuf_conformance \
		--entrypoint "$(CURDIR)/tests/conformance/tuf-client"

screenshots: setup-dev ## pictures of every page of the desk, in both languages and themes, into build/screenshots
	@$(BIN)/python -m tests.support.look build/screenshots

docs: $(VENV)/run.stamp ## write the generated pages under docs/ again
	@$(BIN)/python docs/generate.py

lock: $(VENV)/dev.stamp ## resolve the ranges of pyproject.toml again into requirements/*.txt
	@$(COMPILE) --upgrade requirements/build.in -o requirements/build.txt
	@$(COMPILE) --upgrade pyproject.toml -c requirements/build.txt -o requirements/run.txt
	@$(COMPILE) --upgrade pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt

clean: ## remove .venv and caches; the data under ./var stays
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info

# The stamps are older than what they were made from when something changed.
# --no-build-isolation: the few packages that come as source are built with the pinned, hashed
# setuptools, not with whatever is newest that day.
$(VENV)/run.stamp: requirements/build.txt requirements/run.txt pyproject.toml setup.py
	@packaging/system-packages.sh run
	@echo "Making $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The front ends again when their sources changed; `pip install` has built them once already.
$(VENV)/web.stamp: $(VENV)/run.stamp $(shell find appliance/web -name node_modules -prune -o -name description.d.ts -o -type f -print)
	@test $(VENV)/run.stamp -nt $@ && test ! -e $@ || $(BIN)/python setup.py --quiet build_web
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Adding what the tests need"
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@
