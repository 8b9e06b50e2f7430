# Rebuttal. `make` alone lists what there is.
#
#   ONCE=1         demo: exit by itself, 0 only when every case ended as scripted
#   DAY=2s         demo: how long a policy day lasts
#   SCENARIO=name  demo: which scenario
#   RACE=1         test: with the race detector (needs a C compiler, and about
#                  three times as long: CI turns it on where there are four cores)
#   PKG=./store/…  test: only these packages
#   TESTFLAGS=…    test: more flags for go test

.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN   := bin/rebuttal
TOOLS := $(CURDIR)/.cache/bin

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

PKG       ?= ./...
TESTFLAGS ?=
RACE      ?=

# yes says whether a switch is on: set to anything but 0.
yes = $(filter-out 0,$(1))

# long runs a command and says every 15 seconds that it is still at it.
define long
	@echo "==> $(1)"; \
	( s=0; while sleep 15; do s=$$((s + 15)); echo "    $(1): $${s}s so far"; done ) </dev/null 2>/dev/null & \
	clock=$$!; $(2); code=$$?; kill $$clock 2>/dev/null; exit $$code
endef

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## see it work: embedded stack, simulated vendors, disputes from webhook to verdict
	@exec $(BIN) demo $(if $(call yes,$(ONCE)),--once) $(if $(DAY),--day $(DAY)) $(if $(SCENARIO),--scenario $(SCENARIO))

.PHONY: build
build: ## build bin/rebuttal
	$(call long,building $(BIN),CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) .)

.PHONY: test
test: packages ## run every test against a real PostgreSQL and a real Temporal
	@echo "==> testing $(PKG)$(if $(call yes,$(RACE)), with the race detector)"
	@mkdir -p $(TOOLS)
	@go build -buildvcs=false -o $(TOOLS)/withstack ./internal/devstack/cmd/withstack
	@tools/run stripe-mock stripe-mock -version >/dev/null
	@$(TOOLS)/withstack -- tools/test $(if $(call yes,$(RACE)),-race) -timeout 25m $(TESTFLAGS) -- $(PKG)

.PHONY: chaos
chaos: ## kill starter, worker, Temporal and PostgreSQL by seed, and let the independent checker compare (SEEDS=10 KILLS=20 SEED=1)
	@go test ./test/chaos -count=1 -v -timeout 2h -run 'TestKills|TestCrashPoints' -args -seeds $(or $(SEEDS),10) -kills $(or $(KILLS),20) -seed $(or $(SEED),1) -long

.PHONY: outage
outage: ## ten minutes without Temporal under steady webhooks (AWAY=10m RATE=20)
	@go test ./test/outage -run TemporalAway -count=1 -v -timeout 60m -args -away $(or $(AWAY),10m) -rate $(or $(RATE),20) -repeats 0.7

.PHONY: bench
bench: ## measure packets, rules per case, backtests (time and memory) and the console's pages over a million cases
	@go run ./test/bench packet && go run ./test/bench rules && go run ./test/bench backtest && go run ./test/bench queue

.PHONY: record
record: ## keep this release's histories: every later build is replayed against them (VERSION=v1.2.3)
	@echo "==> recording $(VERSION)"
	@go run ./test/record -version $(VERSION)

.PHONY: deploy-test
deploy-test: packages ## start what docker-compose.yml starts, without Docker, on a Temporal server on PostgreSQL
	@folder=$$(tools/temporal-server/build) && go test -count=1 -timeout 15m ./test/deploy -args -server "$$folder"

.PHONY: packages
packages: ## install the Debian packages the tests use, where nothing has to be asked
	@tools/packages

# Every check runs, also after one has failed; make then fails at the end.
CHECKS := check-format check-vet check-tidy lint check-workflows check-generated check-new-vendor check-vulnerabilities

.PHONY: check
check: ## format, vet, lint, determinism, tidy modules, generated code, known vulnerabilities
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

.PHONY: check-format
check-format:
	@echo "==> gofmt"
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "not formatted (make fmt mends it):"; echo "$$files"; exit 1; fi

.PHONY: check-vet
check-vet:
	$(call long,go vet,go vet ./...)

.PHONY: check-tidy
check-tidy:
	@tools/check-tidy

.PHONY: lint
lint: ## golangci-lint alone
	$(call long,golangci-lint,tools/run lint golangci-lint run ./...)

.PHONY: check-workflows
check-workflows:
	@echo "==> workflowcheck"
	@tools/run check workflowcheck -config tools/workflowcheck.yaml ./workflows/... ./worker/...

.PHONY: check-new-vendor
check-new-vendor:
	@tools/check-new-vendor

.PHONY: check-generated
check-generated:
	@tools/check-generated

.PHONY: check-vulnerabilities
check-vulnerabilities:
	@tools/check-vulnerabilities

.PHONY: new-vendor
new-vendor: ## start a vendor: NAME=acmepay KIND=provider|source|chat|ticketing|accounting
	@go run ./internal/newvendor -kind '$(KIND)' '$(NAME)'

.PHONY: generate
generate: ## write the generated code anew (sqlc, oapi-codegen)
	@tools/generate

.PHONY: fmt
fmt: ## format the code and drop what go.mod does not need
	gofmt -w .
	go mod tidy

.PHONY: clean
clean: ## remove what was built
	rm -rf bin .cache coverage.*
