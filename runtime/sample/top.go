package sample

// Top finds the likeliest tokens of rows of logits. The zero value is ready; it
// is used by one goroutine at a time.
type Top struct {
	candidates candidates
	ids        []int32
}

// Select returns the n likeliest tokens, or all if there are fewer: the likeliest
// first, ties by the lower id. Tokens whose logits are NaN or −∞ are not among
// them. The list is valid until the next call.
func (t *Top) Select(logits []float32, n int) []int32 {
	t.ids = t.ids[:0]
	if n <= 0 {
		return t.ids
	}
	t.candidates.reset(logits)
	t.candidates.keepTop(n)
	for _, c := range t.candidates.list {
		t.ids = append(t.ids, c.id)
	}
	return t.ids
}
