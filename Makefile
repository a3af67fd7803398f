# make            lists the targets
# make demo       shows the product, make test proves it; both install what they need

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-builtin-rules --no-print-directory

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN         := bin/hotline
BUILD       := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
CACHE       := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/hotline
KAFKA_HOME  ?= $(if $(HOTLINE_KAFKA_HOME),$(HOTLINE_KAFKA_HOME),$(CACHE)/kafka)
DEMO_DATA   ?= .demo
FUZZTIME    ?= 20s
# Where our Go code lives; tools that walk directories get these alone.
GO_DIRS      = $(wildcard cmd internal pipelines dashboards docs deploy)
# Packages that do several things at once, themselves or in their tests: what the others
# do one after the other needs no race detector.
CONCURRENT   = ^\s*go \S.*\(|\.Go\(|make\(chan |^\s*"sync|^\s*"testing/synctest"
RACE_DIRS    = $(addprefix ./,$(sort $(dir $(shell grep -rlE --include='*.go' '$(CONCURRENT)' cmd internal))))
# Packages with tests of times that the program promises.
TIMED_DIRS   = $(addprefix ./,$(sort $(dir $(shell grep -rlF --include='*_test.go' testkit.Promised cmd internal))))

# Tests that wait for servers leave the processor to others meanwhile.
PARALLEL     = -parallel 4

# What is tested is what is shipped: without cgo. One setting for all targets also means
# that nothing is compiled twice.
export CGO_ENABLED := 0

.PHONY: help
help: ## List the targets
	@echo "hotline $(VERSION)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: check-go ## Install the embedded ClickHouse engine (once, 180 MB to fetch)
	@deploy/engine/install.sh

.PHONY: check-go
check-go:
	@command -v go >/dev/null || { echo "setup: go is missing: install Go $$(awk '/^go /{print $$2}' go.mod) or newer, see the Go project's download page" >&2; exit 1; }
	@go env GOVERSION >/dev/null || { echo "setup: $$(cd / && go version) cannot build this: install Go $$(awk '/^go /{print $$2}' go.mod) or newer" >&2; exit 1; }

.PHONY: setup-kafka
setup-kafka: ## Install a real Kafka's jars, for the tests that start one
	@deploy/kafka/install.sh "$(KAFKA_HOME)"

.PHONY: setup-ci
setup-ci: ## Install everything the full test run uses (Debian, as root)
	@deploy/ci/packages.sh
	@$(MAKE) setup setup-kafka

.PHONY: build
build: check-go ## Build bin/hotline, without cgo
	@go build $(BUILD) -o $(BIN) ./cmd/hotline
	@echo "built $(BIN) $(VERSION)"

.PHONY: ui
ui: ## Check, test and build the scripts and styles of the pages (needs npm)
	@deploy/ui/build.sh

.PHONY: cross
cross: check-go ## Build for linux on amd64 and arm64
	@for arch in amd64 arm64; do \
		GOOS=linux GOARCH=$$arch go build $(BUILD) -o bin/hotline-linux-$$arch ./cmd/hotline; \
		echo "built bin/hotline-linux-$$arch $(VERSION)"; \
	done

.PHONY: demo
demo: setup build ## Run a simulated hotline with a year behind it, live
	@mkdir -p "$(DEMO_DATA)"
	@exec $(BIN) up --simulate --data "$(DEMO_DATA)" --set web.loopback_role=administrator

.PHONY: test
test: setup ## Run all tests
	go test -vet=off $(PARALLEL) -timeout 15m ./...

.PHONY: timed
timed: setup ## Hold the program to the times it promises, on a machine that does nothing else
	HOTLINE_TIMED=1 go test -vet=off -count=1 -p 1 -parallel 1 -timeout 30m $(TIMED_DIRS)

.PHONY: race
race: setup ## Run the tests with the race detector, the long ones left out
	@command -v $${CC:-gcc} >/dev/null || { echo "race: the race detector needs a C compiler: install gcc (Debian: apt-get install gcc libc6-dev)" >&2; exit 1; }
	@# A process that ends waits a second for races, unless told otherwise; the tests start hundreds.
	GORACE=atexit_sleep_ms=20 CGO_ENABLED=1 go test -vet=off -race -short $(PARALLEL) -timeout 15m $(RACE_DIRS)

.PHONY: bench
bench: setup ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: alert-quality
alert-quality: check-go ## Measure how often alerts are wrong, into docs/alerts.md
	HOTLINE_SOAK=1 go test ./internal/simulate -run TestAlertQuality -count=1 -timeout 60m -update-alerts

.PHONY: fuzz
fuzz: check-go ## Fuzz every decoder for FUZZTIME (20s)
	@go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r package; do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$package"; \
		done; \
	done

.PHONY: fuzz-corpus
fuzz-corpus: check-go ## Keep up to 20 inputs per fuzz target of what fuzzing found, as seeds
	@deploy/ci/fuzz-corpus.sh

.PHONY: report-look
report-look: setup build ## Write reports and show every page as LibreOffice prints it, in .look
	@deploy/look/report.sh $(BIN) .look $(wildcard ../shared/data/anonymous-bank/february.txt)

.PHONY: lint
lint: check-go ## Check format, vet, staticcheck, unchecked errors, shell scripts
	@unformatted=$$(go tool gofumpt -l $(GO_DIRS)); \
	[[ -z $$unformatted ]] || { printf 'not formatted, run make fmt:\n%s\n' "$$unformatted" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go tool errcheck -ignoretests -exclude .errcheck-excludes ./...
	@for script in .ci/run $$(find deploy -name '*.sh'); do bash -n "$$script"; done
	@! command -v shellcheck >/dev/null || shellcheck .ci/run $$(find deploy -name '*.sh')

.PHONY: fmt
fmt: ## Format the Go code
	@go tool gofumpt -l -w $(GO_DIRS)

.PHONY: docs
docs: check-go ## Write the generated reference pages again
	@go generate ./...

# What is generated and committed.
GENERATED    = docs dashboards pipelines internal/web/page/built

.PHONY: drift
drift: docs ## Fail when a generated file is not what the code says
	@deploy/ui/build.sh --if-possible
	@changed=$$(git status --porcelain -- $(GENERATED)); \
	[[ -z $$changed ]] || { printf 'generated files differ, run make docs ui and commit:\n%s\n' "$$changed" >&2; git --no-pager diff -- $(GENERATED) >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built and the demo's data
	@rm -rf bin .look "$(DEMO_DATA)" coverage.out
