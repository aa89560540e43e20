# What a person types. `make help` lists it.
PYTHON ?= python3.11
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
SYNCED := $(VENV)/.synced
DEMO ?= var/demo
DEMO_DAY := 2026-11-16
SERVE ?= 1

export GX_ANALYTICS_ENABLED := false
export RUNTIME__DLTHUB_TELEMETRY := false

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint up benchmark bench-intelligence hooks clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-19s %s\n", $$1, $$2}'

setup: $(SYNCED) ## make .venv and install the locked dependencies into it

$(SYNCED): pyproject.toml uv.lock
	@PYTHON=$(PYTHON) VENV=$(VENV) UV_VERSION=$(UV_VERSION) sh tests/system/environment.sh
	@touch $@

demo: $(DEMO)/.morning ## generate a firm, run its jobs, show how it stands, serve the dashboards (SERVE=0 stops before)
	@$(BIN)/opslayer --firm $(DEMO) status
	@if [ "$(SERVE)" = "1" ]; then $(BIN)/opslayer --firm $(DEMO) up --only dashboards; fi

# its books never change, so neither does what the morning makes of them
$(DEMO)/.morning: $(SYNCED)
	@test -f $(DEMO)/firm.toml || $(BIN)/opslayer demo $(DEMO) --as-of $(DEMO_DAY)
	@$(BIN)/opslayer --firm $(DEMO) run morning --as-of $(DEMO_DAY)
	@$(BIN)/opslayer --firm $(DEMO) run monday --as-of $(DEMO_DAY)
	@$(BIN)/opslayer --firm $(DEMO) run wednesday --as-of $(DEMO_DAY)
	@touch $@

test: $(SYNCED) ## install what the tests need, check style, types and layers, run every test
	@sh tests/system/packages.sh chromium postgresql dovecot-imapd glewlwyd nginx-light tesseract-ocr
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 25 -m "not benchmark"

lint: $(SYNCED) ## style, types, layers, notebooks without outputs
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 5

up: $(SYNCED) ## scheduler, dashboards and JupyterLab for $$OPSLAYER_FIRM (the demo firm without it); Ctrl-C ends all
	@$(BIN)/opslayer --firm $(or $(OPSLAYER_FIRM),$(DEMO)) up

benchmark: $(SYNCED) ## measure, and rewrite tests/benchmarks/RESULTS.md (ROWS="1 10 100" million)
	@$(BIN)/python -m tests.benchmarks $(ROWS)

bench-intelligence: $(SYNCED) ## measure what learns, on ../shared/data, beside its rivals
	@$(BIN)/python -m tests.benchmarks --only intelligence

hooks: $(SYNCED) ## strip outputs and lint at each commit
	@$(BIN)/pre-commit install

clean: ## remove the environment and everything the demo wrote
	rm -rf $(VENV) var
