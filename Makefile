# GPTRUN_LAB holds the real models and llama.cpp's vocabularies; make lab fills it.
export GPTRUN_LAB ?= $(HOME)/.cache/gptrun-lab

.PHONY: build release lab test bench generate lint ci

build: # one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o gptrun ./cmd/gptrun

release: # archives for six platforms in dist/; VERSION=v1.2.3 for another than git's
	go run ./scripts/release -version="$(VERSION)"

lab: # fetch the real models and vocabularies
	python3 scripts/lab.py

test: lab # every test, those with real models included
	go test ./...

bench: lab
	go test -run='^$$' -bench=. ./bench

generate: # the assembly that asm/_gen writes
	go generate ./asm

lint:
	gofmt -l . && go vet ./...

ci: # everything that must pass before a change lands
	bash .ci/run
