#!/usr/bin/env bash
# Time from a new process to its first token, gptrun beside llama.cpp's
# llama-completion: alternating runs, the file in the page cache, the best of
# each, and gptrun's peak memory (RSS).
# usage: bench/first-token.sh MODEL.gguf LLAMA-COMPLETION [RUNS] [THREADS]
set -euo pipefail
model=$1 peer=$2 runs=${3:-5} threads=${4:-2}
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -o "$dir/gptrun" ./cmd/gptrun
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

for _ in $(seq "$runs"); do
	seconds "$dir/ours" "$dir/gptrun" prompt -m "$model" --raw -n 1 -t "$threads" --temp 0 Hello
	seconds "$dir/theirs" "$peer" -m "$model" -no-cnv -n 1 -t "$threads" --temp 0 -p Hello
done
best() { sort -n "$1" | head -n 1; }
echo "gptrun $(best "$dir/ours") s, llama-completion $(best "$dir/theirs") s (best of $runs, $threads threads)"

python3 - "$dir/gptrun" "$model" "$threads" <<'PY'
import os, resource, subprocess, sys
gptrun, model, threads = sys.argv[1:]
subprocess.run([gptrun, "prompt", "-m", model, "--raw", "-n", "1", "-t", threads, "--temp", "0", "Hello"],
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
size = os.path.getsize(model)
print(f"peak memory {rss / 2**20:.1f} MiB; the file is {size / 2**20:.1f} MiB, 1.10 of it and 48 MB are {(1.1 * size + 48e6) / 2**20:.1f} MiB, the cache not counted")
PY
