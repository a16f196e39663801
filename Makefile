.DEFAULT_GOAL := help
SHELL := /bin/bash

# The test targets that start no server: `make test-fast` runs these alone.
FAST := ^(DiscoveryTests|DocsTests|ExpectationsTests|FleetModelTests|ManifestLoadingTests|MigrationsTests|PlanningTests|ReportsTests)\.
# Tests that start servers are as wide as this; two a core keeps both busy while one waits for a disk.
WIDTH ?= 4
PREFIX ?= /usr/local
SHARE := $(PREFIX)/share

# A module may import only what Package.swift says it needs.
STRICT := --explicit-target-dependency-import-check error
TEST := swift test --disable-xctest $(STRICT) --experimental-maximum-parallelization-width $(WIDTH)

.PHONY: bench build clean demo format help install lint pictures record release test test-fast torture

bench: release ## measure against psql and a bare connection, and ways over hops against none; writes docs/benchmarks.md
	scripts/bootstrap --hops
	status=0; for part in run paths; do RECONCILE=.build/release/reconcile scripts/bench/$$part || status=1; done; exit $$status

build: ## build the program, installing what this machine lacks
	scripts/bootstrap && swift build $(STRICT)

clean: ## remove what was built
	rm -rf .build

demo: build ## the main job, end to end, on four private servers: native, in a container, and both behind ssh
	scripts/bootstrap --hops && RECONCILE=.build/debug/reconcile scripts/demo/run

format: ## lay the Swift sources out as `make lint` wants them
	swift format --in-place --recursive Sources Tests Package.swift

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

install: release ## install the program, its completions and the scripts for pipelines below PREFIX (default /usr/local)
	install -D -m 755 .build/release/reconcile "$(DESTDIR)$(PREFIX)/bin/reconcile"
	set -o pipefail; .build/release/reconcile --generate-completion-script bash | install -D -m 644 /dev/stdin "$(DESTDIR)$(SHARE)/bash-completion/completions/reconcile"
	set -o pipefail; .build/release/reconcile --generate-completion-script zsh | install -D -m 644 /dev/stdin "$(DESTDIR)$(SHARE)/zsh/site-functions/_reconcile"
	set -o pipefail; .build/release/reconcile --generate-completion-script fish | install -D -m 644 /dev/stdin "$(DESTDIR)$(SHARE)/fish/vendor_completions.d/reconcile.fish"
	install -d "$(DESTDIR)$(SHARE)/reconcile/pipeline"
	install -m 755 scripts/pipeline/* "$(DESTDIR)$(SHARE)/reconcile/pipeline"

lint: ## layout, shell scripts, house rules, paths named in docs
	scripts/bootstrap && scripts/lint

record: build ## rewrite the recorded answers of tests, which fails them: look at the difference, then run `make test`
	RECORD=1 $(TEST)

pictures: build ## make the pictures of docs/pictures anew
	scripts/bootstrap --browser && RECONCILE=.build/debug/reconcile scripts/pictures

release: ## build the program as it is installed
	scripts/bootstrap && swift build -c release --static-swift-stdlib --product reconcile $(STRICT)

test: build ## every test, on private servers
	scripts/bootstrap --hops --browser && $(TEST)

torture: build ## prove each invariant of docs/safety.md; SAMPLE=1: some places of each sweep; MUTATE=1: known mistakes must be found
	scripts/bootstrap --hops --browser $(if $(MUTATE),,&& scripts/fuzz --build) && scripts/torture $(if $(SAMPLE),--sample) $(if $(MUTATE),--mutate)

test-fast: ## the tests that need no server
	scripts/bootstrap --tests && $(TEST) --filter '$(FAST)'
