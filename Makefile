# The front door. Every target is one line over `python -m ROOM`; variables reach the program through the environment,
# never through the shell line, so quotes and dollars in Q are safe.

SHELL := /bin/bash
PYTHON ?= python3
export N SEED K PLACES PROMPT TEACHER_TEMPERATURE TEACHER_TOP_P MAP TEACHER BUDGET CANDIDATES WORKERS AGENTS REPAIRS DRY YES DATA GIVE_UP_S RUN
export Q FORMAT LAYOUT OUT MODEL RECIPE MODE SQL HUB EPOCHS THINKING JUDGE JUDGE2 REPLICATES LIMIT REBUILD PORT TOKENS SEEDS
# Values are taken as typed: make must not expand a dollar in them.
$(foreach name,Q SQL PLACES DATA OUT MAP TEACHER MODEL JUDGE JUDGE2,$(if $(value $(name)),$(eval override $(name) := $$(value $(name)))))
PY := .venv/bin/python
STAMPS := .venv/stamps

.PHONY: help synth doctor sql export train chat judge ablate report warehouse sandbox bench bench-full setup test check clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

synth: $(STAMPS)/factory $(if $(filter open:%,$(MAP)),$(STAMPS)/open) ## make N verified samples (N=1000 SEED=0 K=5 PLACES= MAP= TEACHER= BUDGET= WORKERS=1 DRY= DATA=data)
	@$(PY) -m factory synth

doctor: $(STAMPS)/judge ## try the map, the teacher and the judge with the settings in force
	@$(PY) -m factory doctor && $(PY) -m judge probe

sql: $(STAMPS)/warehouse ## ask the warehouse: Q="select …" (FORMAT=table|csv|json), or a prompt without Q
	@$(PY) -m warehouse sql

export: $(STAMPS)/warehouse ## write samples with a dataset card (LAYOUT=iqa|alpaca|sharegpt|messages OUT=folder)
	@$(PY) -m warehouse export

train: $(STAMPS)/train ## fine-tune, complete, measure (MODEL=folder HUB= RECIPE=exact|fast|original MODE=closed|open SQL= RUN= THINKING=off)
	@$(PY) -m train run && $(PY) -m train complete

chat: $(STAMPS)/train ## talk to a checkpoint (MODEL= MODE=)
	@$(PY) -m train chat

judge: $(STAMPS)/judge ## judge what has no verdict yet, then statistics and report (JUDGE= JUDGE2= REPLICATES=3 LIMIT=)
	@$(PY) -m judge run

ablate: $(STAMPS)/train $(STAMPS)/judge ## does data quality cause model quality? (TOKENS=200000 a run, SEEDS=3)
	@$(PY) -m judge ablate

report: $(STAMPS)/judge ## rebuild the HTML report from the warehouse alone
	@$(PY) -m judge report

warehouse: $(STAMPS)/warehouse ## refresh and check the DuckDB file (REBUILD=1: from shards and commits)
	@$(PY) -m warehouse refresh && $(PY) -m warehouse check

sandbox: $(STAMPS)/factory ## serve the invented city and its teacher on loopback (PORT=)
	@$(PY) -m factory sandbox

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

define EXTRA
$(STAMPS)/$(1): pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing what $(1) needs (once)" && $(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[$(2)]' >.venv/pip.log 2>&1 || { grep -v ^WARNING .venv/pip.log; exit 1; }
	@mkdir -p $(STAMPS) && touch $$@
endef
$(foreach room,factory open warehouse train judge,$(eval $(call EXTRA,$(room),$(room))))
comma := ,
$(eval $(call EXTRA,all,train$(comma)judge$(comma)test$(comma)check))
