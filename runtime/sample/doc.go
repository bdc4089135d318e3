// Package sample picks tokens from logits: a chain of samplers that narrow the
// tokens in play, then one draw.
//
// The order is that of llama.cpp: penalties, top_k, top_p, min_p, temperature.
// A chain gives the same tokens for the same logits and seed on every machine:
// exponentials are our own, sums are float64 in a fixed order, ties go to the
// lower id, and every token takes exactly one draw of the generator.
package sample
