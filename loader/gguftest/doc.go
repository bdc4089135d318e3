// Package gguftest writes GGUF files for tests, well-formed ones and ones that
// lie: every count, length, type and offset can be set apart from what is
// there.
package gguftest
