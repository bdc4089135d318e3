#!/usr/bin/env bash
# How gptrun behaves on a machine it shares: tokens a second of prefill (512
# tokens) and decode (128) of a quiet machine, beside a process that keeps one core
# busy, and of four gptrun processes at once, in all. Best of RUNS.
# usage: bench/share.sh MODEL.gguf [RUNS] [SECONDS]
set -euo pipefail
model=$(realpath "$1") runs=${2:-3} seconds=${3:-2}
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
neighbour=
trap 'kill $neighbour 2>/dev/null || true; rm -rf "$dir"' EXIT
go test -c -o "$dir/bench" ./bench
mkdir "$dir/models"
ln -s "$model" "$dir/models/model.gguf"
cat "$model" >/dev/null
cd "$dir"

# rate BENCHMARK PROCESSES: tokens a second of all processes together
rate() {
	local i
	for i in $(seq "$2"); do
		GPTRUN_LAB=$dir ./bench -test.run '^$' -test.bench "^Benchmark$1\$" -test.benchtime "${seconds}s" >"out.$i" &
		pids[i]=$!
	done
	for i in $(seq "$2"); do wait "${pids[i]}"; done
	cat $(seq -f out.%g "$2") | awk '/tok\/s/ { for (i = 1; i < NF; i++) if ($(i+1) == "tok/s") sum += $i } END { print sum }'
}

best() { printf '%s\n' "$@" | sort -g | tail -1; }

printf '%-8s %10s %24s %24s\n' tok/s quiet 'one busy neighbour' 'four processes, in all'
for b in Prefill Decode; do
	quiet=() beside=() four=()
	for _ in $(seq "$runs"); do
		quiet+=("$(rate $b 1)")
		(while :; do :; done) &
		neighbour=$!
		beside+=("$(rate $b 1)")
		kill $neighbour
		wait $neighbour 2>/dev/null || true
		neighbour=
		four+=("$(rate $b 4)")
	done
	awk -v b=$b -v q="$(best "${quiet[@]}")" -v n="$(best "${beside[@]}")" -v f="$(best "${four[@]}")" \
		'BEGIN { printf "%-8s %10.0f %17.0f (%3.0f %%) %17.0f (%3.0f %%)\n", b, q, n, 100*n/q, f, 100*f/q }'
done
