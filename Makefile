# Everything runs in .venv, which the first call sets up; only python3 and make are needed.
PYTHON ?= python3
STUDY ?= tomato-watering
BUDGET ?= default
OUT ?= runs/$(STUDY)-$(BUDGET)

options := --budget "$(BUDGET)" --out "$(OUT)"
ifdef SEEDS
options += --seeds $(SEEDS)
endif
ifdef AGENTS
options += --agents $(AGENTS)
endif

.PHONY: study test docs setup constraints clean

study: ## Run a study: make study [STUDY=...] [BUDGET=smoke|default|full] [OUT=...] [SEEDS=...] [AGENTS=...]
	@$(PYTHON) tools/setup.py --extras baselines
	@.venv/bin/driftline study "$(STUDY)" $(options)

test: setup ## Run every check
	@.venv/bin/python tools/check.py

docs: setup ## Build the documentation into docs/_build/html
	@.venv/bin/sphinx-build -W --keep-going -q docs docs/_build/html

setup: ## Set up .venv for development
	@$(PYTHON) tools/setup.py --extras dev,baselines,maze,minigrid,mujoco

constraints: setup ## Resolve every dependency afresh and pin it
	@.venv/bin/python tools/pin.py

clean: ## Remove what was built, but keep runs and .venv
	rm -rf build dist docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools -name __pycache__ -prune -exec rm -rf {} +
