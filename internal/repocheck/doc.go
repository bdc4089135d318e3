// Package repocheck has no code, only the tests that hold the rules of the
// repository as a whole: who may import whom, which arithmetic may be used,
// what no file may contain.
package repocheck
