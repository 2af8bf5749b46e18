# The front door. Every target is one line over `chidian`; variables reach it through the environment, never through the shell
# line, so quotes and dollars in Q are safe. Which variables there are, `chidian` knows (docs/settings.md): it is told which
# ones were given on this line, and says what was meant where one does not exist.

SHELL := /bin/bash
PYTHON ?= python3
# Of the variables that make was given: their names, and their values as typed (make must not expand a dollar in them).
GIVEN := $(foreach name,$(filter-out PYTHON SHELL MAKE%,$(.VARIABLES)),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
export CHIDIAN_MAKE_LINE := $(strip $(GIVEN))
$(foreach name,$(GIVEN),$(eval override export $(name) := $$(value $(name))))
CHIDIAN := .venv/bin/chidian
PY := .venv/bin/python
STAMPS := .venv/stamps

TARGETS := help synth preview doctor sql export train chat judge ablate report warehouse sandbox bench bench-full setup test check clean
.PHONY: $(TARGETS)
.DEFAULT_GOAL := help

# A goal that does not exist is told before the first recipe runs: `make synth 20` would make 1000 samples first.
UNKNOWN := $(firstword $(filter-out $(TARGETS) .venv/% Makefile pyproject.toml constraints.txt,$(MAKECMDGOALS)))
ifneq ($(UNKNOWN),)
$(error error: $(or $(shell $(PYTHON) -m factory.settings.make_goal '$(subst ','\'',$(UNKNOWN))' $(TARGETS) 2>/dev/null),there is no `make $(UNKNOWN)`))
endif

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

synth: $(STAMPS)/base $(if $(filter open:%,$(MAP)),$(STAMPS)/open) ## make N verified samples (N=1000 SEED=0 K=5 PLACES= MAP= TEACHER= BUDGET= WORKERS=1 DRY= DATA=data)
	@$(CHIDIAN) synth

preview: $(STAMPS)/base $(if $(filter open:%,$(MAP)),$(STAMPS)/open) ## three orders' samples in the terminal, before a run (synth's variables)
	@$(CHIDIAN) preview

doctor: $(STAMPS)/judge ## try the map, the teacher and the judge with the settings in force
	@$(CHIDIAN) doctor

sql: $(STAMPS)/base ## ask the warehouse: Q="select …" (FORMAT=table|csv|json), or a prompt without Q
	@$(CHIDIAN) sql

export: $(STAMPS)/base ## write samples with a dataset card (LAYOUT=iqa|alpaca|sharegpt|messages OUT=folder)
	@$(CHIDIAN) export

train: $(STAMPS)/train ## fine-tune, complete, measure (MODEL=folder HUB= RECIPE=exact|fast|original MODE=closed|open SQL= RUN= THINKING=off)
	@$(CHIDIAN) train

chat: $(STAMPS)/train ## talk to a checkpoint (MODEL= MODE=)
	@$(CHIDIAN) chat

judge: $(STAMPS)/judge ## judge what has no verdict yet, then statistics and report (JUDGE= JUDGE2= REPLICATES=3 LIMIT=)
	@$(CHIDIAN) judge

ablate: $(STAMPS)/train $(STAMPS)/judge ## does data quality cause model quality? (TOKENS=200000 a run, SEEDS=3)
	@$(CHIDIAN) ablate

report: $(STAMPS)/judge ## rebuild the HTML report from the warehouse alone
	@$(CHIDIAN) report

warehouse: $(STAMPS)/base ## refresh and check the DuckDB file (REBUILD=1: from shards and commits)
	@$(CHIDIAN) warehouse

sandbox: $(STAMPS)/base ## serve the invented city and its teacher on loopback (PORT=8765, SANDBOX_FAULTS=)
	@$(CHIDIAN) sandbox

bench: $(STAMPS)/all ## benchmarks of a few minutes: ratios in one run, JSON
	@$(PY) bench/run.py

bench-full: $(STAMPS)/all ## all benchmarks, long
	@$(PY) bench/run.py --full

setup: $(STAMPS)/all ## install everything

test: $(STAMPS)/all ## all tests
	@$(PY) -m pytest

check: $(STAMPS)/all ## lint, format, types
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

clean: ## remove what can be made again (never data)
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/results wandb

# --- one virtual environment; an extra is added when a room first needs it -------------------------------------------

.venv/bin/python:
	@echo "making .venv" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv

# Before minutes of installing, this line's variables are judged; that needs nothing installed. Then one line a package.
define EXTRA
$(STAMPS)/$(1): pyproject.toml constraints.txt | .venv/bin/python
	@$(PYTHON) -m factory.settings.make_line $$(MAKECMDGOALS)
	@echo "installing what this needs (once, into .venv): $(2)" && set -o pipefail && $(PY) -m pip install --disable-pip-version-check \
	  --progress-bar off -c constraints.txt -e '$(2)' 2>&1 | tee .venv/pip.log | awk '/^ *(Collecting|Downloading|Installing) /{print "  " substr($$$$0, 1, 90); fflush()}' \
	  || { grep -v ^WARNING .venv/pip.log | tail -20; exit 1; }
	@mkdir -p $(STAMPS) && touch $$@
endef
$(eval $(call EXTRA,base,.))
$(foreach room,open train judge,$(eval $(call EXTRA,$(room),.[$(room)])))
comma := ,
$(eval $(call EXTRA,all,.[train$(comma)judge$(comma)test$(comma)check]))
