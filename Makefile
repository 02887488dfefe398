# make help shows what there is. Everything sets up what it needs by itself.

BIN := target/release/stepwright

.PHONY: help run test bench build tidy setup-build clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build and start the server on 127.0.0.1:8083, data in ./stepwright-data
	@exec $(BIN) serve --bind 127.0.0.1 --port 8083 --data-dir ./stepwright-data

build: setup-build ## build the server: target/release/stepwright
	cargo build --release --package stepwright

test: ## format, lints, all tests; the last line is "N passed, N failed"
	@tests/setup all
	@tests/summary

bench: build ## measure throughput, latency and memory (docs/performance.md)
	cargo run --release --package bench -- all --server $(BIN)

tidy: ## say where the project breaks its own rules
	@cargo xtask tidy

setup-build:
	@tests/setup build

clean: ## remove what was built and the test environment; data stays
	rm -rf target .venv .test
