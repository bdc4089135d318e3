// Package lineedit reads messages of one or more lines from a person at a
// terminal, with the keys that Emacs, readline and shells share: an editor, the
// history in a file, and the terminal's modes, which it restores on every way
// out that a program can see.
//
// The editor draws in place, below what is already on the screen, and moves
// relative to the cursor only. It never lets the terminal wrap a line: it lays
// rows out itself, so that it knows where the cursor is. When the width changes
// it takes the terminal to have wrapped its rows anew, as most do.
package lineedit
