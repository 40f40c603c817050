# Two commands matter: make run and make test. The rest are shorthands for go.
.PHONY: run test build bench bench-quality bench-detect fuzz e2e vendor

GO := CGO_ENABLED=0 go
FLAGS := -trimpath -ldflags "-s -w"

build:
	$(GO) build $(FLAGS) -o bin/hearback ./cmd/hearback

# The service with its store in ./data-run and a drill beside it.
run: build
	./bin/hearback serve --data ./data-run --drill-file water

# Everything: installs what it needs, then vet, tests on both engines, browser.
test:
	./scripts/test.sh

bench: build
	$(GO) build -o bin/bench ./bench && ./bin/bench

# How well messages are understood, beside peers; rewrites bench/RESULTS.md.
bench-quality: build
	$(GO) run ./bench/quality

# How well it is told what matters, beside other methods; rewrites
# bench/RESULTS.md. R's surveillance is one of them, if it is installed:
# apt-get install r-base-core r-cran-surveillance
bench-detect:
	$(GO) run ./bench/detect

fuzz:
	./scripts/fuzz.sh

e2e: build
	./scripts/e2e.sh

# Fetches anew what others release and pages use, and checks that it is the same.
vendor:
	./scripts/vendor.sh
