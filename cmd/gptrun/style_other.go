//go:build !windows

package main

// understandsEscapes reports that terminals take escape sequences.
func understandsEscapes() bool { return true }
