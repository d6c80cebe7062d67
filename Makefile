# make lab    the course in JupyterLab        PORT=  HOST=  ARGS= (such as ARGS=--no-browser)
# make test   lint, and every test but the slow ones    ARGS= goes to pytest
# make test-all   these too
# Each sets up what it needs in .venv the first time. They want Python 3.11 or later, and nothing else.
PYTHON ?= python3
# The tests start hundreds of processes, and each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

lab: .venv/lab
	.venv/bin/bpcourse lab course $(call given,PORT,--port=) $(call given,HOST,--host=) $(ARGS)

# A file stays on one worker, with what its tests share. They go in the order of their names: the lessons,
# of which each takes a moment, come last and fill the workers to the end.
side_by_side = --dist loadfile --no-loadscope-reorder

# Where the tests wait for a kernel or a sandbox, a third worker and the linters have the processor.
test: .venv/ready
	@$(MAKE) --no-print-directory -j2 lint test-fast

test-fast: .venv/ready
	.venv/bin/pytest -m "not slow and not browser" -n 3 $(side_by_side) $(ARGS)

# Style, types, spelling, the page's scripts (none of them needs node), and the files for GitHub.
lint: lint-style lint-types lint-spelling lint-scripts lint-github

lint-style: .venv/ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check

lint-types: .venv/ready
	.venv/bin/mypy

lint-spelling: .venv/ready
	.venv/bin/codespell

lint-scripts: .venv/ready
	.venv/bin/oxlint --deny-warnings bpcourse
	.venv/bin/oxfmt --check bpcourse/widgets/static

lint-github: .venv/ready
	.venv/bin/zizmor --offline --quiet --no-progress --config .github/zizmor.yml .github docs/instructors/github_classroom/checks.yml
	@for kind in github-workflows:workflows/*.yml github-issue-forms:ISSUE_TEMPLATE/[0-9]*.yml \
	github-issue-config:ISSUE_TEMPLATE/config.yml; do \
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.$${kind%%:*} .github/$${kind#*:} || exit 1; done

# What the linters can mend by themselves.
format: .venv/ready
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/oxfmt bpcourse/widgets/static

# Let git lint before each commit.
hooks: .venv/ready
	.venv/bin/pre-commit install

test-slow: .venv/ready
	.venv/bin/pytest tests -m slow -rs -n 2 $(side_by_side) $(ARGS)

test-browser: .venv/site
	.venv/bin/pytest tests -m browser -rs -n 2 $(side_by_side) $(ARGS)

# Everything, for most of an hour. ARGS="--sample 2 --sample-seed monday": two rows of each slow test.
test-all: test test-slow test-browser

# Which branches of the package the fast tests run: 95 % at least. What runs in the sandbox is reported
# apart, because a child that the sandbox ends cannot write down what it ran.
coverage: .venv/ready
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest tests -m "not slow and not browser" -n 2 $(side_by_side) $(ARGS)
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report --include "*/marking/inside/*"
	.venv/bin/coverage report --omit "*/marking/inside/*" --fail-under 95

# Would the tests see it? A sample of small changes to each module of the mathematics, each against the
# module's own tests. ARGS="graph layers --sample 100 --seed 1": other ones; --sample 0: all, for hours.
mutants: .venv/ready
	.venv/bin/python -m tools.mutants $(ARGS)

# What the tests of accessibility need, beside the environment: not committed.
axe: .venv/ready
	npm install --silent --no-save --prefix .venv/axe axe-core@4.14.1

# Execute the lessons and solutions; run twice, it changes nothing. CHECK=1 only looks.
notebooks: .venv/ready
	.venv/bin/python -m tools.notebooks $(if $(CHECK),--check) $(ARGS)

# Make exercises/ from solutions/, and docs/instructors/lessons/. CHECK=1 only looks.
exercises: .venv/ready
	.venv/bin/python -m tools.exercises $(if $(CHECK),--check)
	.venv/bin/python -m tools.guide $(if $(CHECK),--check)

# The course as a site, in build/site: offline, once set up.
site: .venv/site
	.venv/bin/python -m tools.site $(ARGS)

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv .venv-bench .*_cache .hypothesis dist

# An option taken from the command line alone: other tools set HOST in the environment.
given = $(if $(filter command,$(origin $(1))),$(2)$($(1)))

# uv installs in a quarter of pip's time. It comes from the lock through pip, hash checked, and is told
# the index and the folder of packages that pip is configured with, and, in case another environment is
# active, which one to install into.
pip_setting = $$(.venv/bin/python -m pip config get global.$(1) 2>/dev/null || true)
uv = VIRTUAL_ENV=.venv UV_DEFAULT_INDEX="$${PIP_INDEX_URL:-$(call pip_setting,index-url)}" \
	UV_FIND_LINKS="$${PIP_FIND_LINKS:-$(call pip_setting,find-links)}" .venv/bin/uv
# Bytecode is compiled now, and Matplotlib lists the fonts now, so that the first lesson opens at once.
# The lock is given as constraints, so each stage takes its part of it; uv checks the hashes there too.
install = $(uv) pip install --quiet --compile-bytecode -c requirements.lock

# What a student needs.
.venv/lab: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"bpcourse needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + \
	". Name another one: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv, once: from seconds to a minute or two."
	@$(PYTHON) -m venv .venv
	@awk '/^uv==/ {on = 1} on; on && !/\\$$/ {exit}' requirements.lock | \
	.venv/bin/python -m pip install -qq --require-hashes -r /dev/stdin
	@$(install) --build-constraints requirements.lock --editable '.[lab]'
	@.venv/bin/python -c 'import matplotlib.font_manager' 2>/dev/null
	@touch $@

# What the tests need beside it.
.venv/ready: .venv/lab
	@$(install) -r pyproject.toml --extra lab --extra grade --extra cluster --group test
	@touch $@

.venv/site: .venv/ready
	@$(install) -r pyproject.toml --group site
	@touch $@

# Its own lock: of torch's builds the CUDA one brings 18 packages, the CPU one none.
.venv-bench/ready: requirements-bench.lock | .venv/ready
	@echo "Setting up .venv-bench, once: torch alone takes some minutes on a slow line."
	@.venv/bin/python -m venv .venv-bench
	@$(uv) pip install --quiet --compile-bytecode --python .venv-bench -c requirements-bench.lock \
	-r pyproject.toml --group bench
	@touch $@

# Write both locks, keeping what they pin (ARGS=--upgrade: the newest). The hash is that of torch's CPU
# build, which the index does not list.
torch_cpu = 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
compile = $(uv) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(ARGS) pyproject.toml
lock: .venv/ready
	$(compile) --extra lab --extra grade --extra cluster --group test --group site -o requirements.lock
	sed '/$(torch_cpu)/d' requirements-bench.lock > .venv/bench.lock
	$(compile) --group bench -o .venv/bench.lock
	awk '{print} /^torch==/ {print "    --hash=sha256:$(torch_cpu) \\"}' \
	.venv/bench.lock > requirements-bench.lock

.PHONY: axe coverage mutants lab lint lint-style lint-types lint-spelling lint-scripts lint-github format hooks test test-fast test-slow test-browser test-all notebooks exercises site bench clean lock
