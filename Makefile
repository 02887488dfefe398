# make help shows what there is. Everything sets up what it needs by itself.

BIN := target/release/stepwright
# Seconds that make fuzz gives each target.
TIME ?= 600
# Seconds of hostile work in make soak-hostile.
SOAK ?= 600
# How make fuzz calls cargo-fuzz: it needs a nightly compiler.
FUZZ := cargo +nightly fuzz

.PHONY: help run test bench fuzz soak soak-simulation soak-crashes soak-fairness soak-hostile build tidy setup-build setup-test \
	setup-fuzz clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build and start the server on 127.0.0.1:8083, data in ./stepwright-data
	@echo "starting the server: $(BIN) serve --bind 127.0.0.1 --port 8083 --data-dir ./stepwright-data (Ctrl-C ends it)"
	@exec $(BIN) serve --bind 127.0.0.1 --port 8083 --data-dir ./stepwright-data

build: setup-build ## build the server: target/release/stepwright, its debug information beside it
	@[ -x $(BIN) ] || echo "building the server: the first time takes some minutes"
	cargo build --release --package stepwright
	@tests/separate-debug $(BIN)

test: ## format, lints, all tests; the last line is "N passed, N failed"
	@tests/setup all
	@tests/summary

bench: build ## measure throughput, latency and memory (docs/performance.md)
	cargo run --release --package bench -- all --server $(BIN)

fuzz: setup-fuzz ## throw arbitrary input at every parser, TIME=600 seconds at each
	$(FUZZ) build -O
	@for target in $$($(FUZZ) list); do \
		echo "== $$target"; \
		$(FUZZ) run -O $$target -- -max_total_time=$(TIME) -timeout=120 -dict=fuzz/words.dict -verbosity=0 \
			-print_final_stats=1 || exit 1; \
	done

soak: soak-simulation soak-crashes soak-fairness soak-hostile ## what takes too long for make test: the next four

soak-simulation: setup-build ## 30,000 seeds of the simulated world
	SIMULATION_SEEDS=30000 cargo test --workspace --test simulation

soak-crashes: build setup-test ## 200 times kill -9 under load
	STEPWRIGHT_CRASHES=200 .venv/bin/python -m pytest tests/test_crash.py -s

soak-fairness: build setup-test ## each hostile kind beside a load, one after the other; alone on the machine
	@.venv/bin/python tests/fairness.py

soak-hostile: build setup-test ## all that is hostile at once beside a load, SOAK=600 seconds; alone on the machine
	@SOAK=$(SOAK) .venv/bin/python tests/soak.py

tidy: ## say where the project breaks its own rules
	@cargo xtask tidy

setup-build:
	@tests/setup build

setup-test:
	@tests/setup all

setup-fuzz:
	@rustup toolchain list | grep -q ^nightly || rustup toolchain install nightly --profile minimal
	@$(FUZZ) --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked

clean: ## remove what was built and the test environment; data stays
	rm -rf target fuzz/target .venv .test
