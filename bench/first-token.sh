#!/usr/bin/env bash
# Time from a new process to its first token, gptrun beside llama.cpp's
# llama-completion, for a prompt of one word and for one of about 500 tokens:
# alternating runs, the file in the page cache, the best of each, and gptrun's
# peak memory (RSS).
# usage: bench/first-token.sh MODEL.gguf LLAMA-COMPLETION [RUNS] [THREADS]
set -euo pipefail
model=$(realpath "$1") peer=$(realpath "$2") runs=${3:-5} threads=${4:-2}
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -o "$dir/gptrun" ./cmd/gptrun
printf Hello >"$dir/word"
head -c 1880 ARCHITECTURE.md >"$dir/text"
cat "$model" >/dev/null

# seconds FILE COMMAND…: appends the wall time to FILE.
seconds() {
	local file=$1 start end
	shift
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1 </dev/null
	end=$(date +%s%N)
	awk -v ns=$((end - start)) 'BEGIN { printf "%.3f\n", ns / 1e9 }' >>"$file"
}
best() { sort -n "$1" | head -n 1; }

for prompt in word text; do
	for _ in $(seq "$runs"); do
		seconds "$dir/ours-$prompt" "$dir/gptrun" prompt -m "$model" --raw -n 1 -t "$threads" --temp 0 -f "$dir/$prompt"
		seconds "$dir/theirs-$prompt" "$peer" -m "$model" -no-cnv -n 1 -t "$threads" --temp 0 -f "$dir/$prompt"
	done
	tokens=$("$dir/gptrun" tokenize -m "$model" -f "$dir/$prompt" --json | tr ',' '\n' | wc -l)
	echo "$tokens tokens: gptrun $(best "$dir/ours-$prompt") s, llama-completion $(best "$dir/theirs-$prompt") s (best of $runs, $threads threads)"
done

python3 - "$dir/gptrun" "$model" "$threads" <<'PY'
import os, resource, subprocess, sys
gptrun, model, threads = sys.argv[1:]
subprocess.run([gptrun, "prompt", "-m", model, "--raw", "-n", "1", "-t", threads, "--temp", "0", "Hello"],
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
size = os.path.getsize(model)
print(f"peak memory {rss / 2**20:.1f} MiB; the file is {size / 2**20:.1f} MiB, 1.10 of it and 48 MB are {(1.1 * size + 48e6) / 2**20:.1f} MiB, the cache not counted")
PY
