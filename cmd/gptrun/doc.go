// Command gptrun runs GPT-style language models on the CPU.
//
// Only the answer goes to standard output; everything else goes to standard
// error. The exit status is 0, 1 after an error, 2 after wrong usage, and 130
// when interrupted.
package main
