// Package bench measures whole models: go test -bench over the files in
// $GPTRUN_LAB/models, and scripts that run a peer beside gptrun.
package bench
