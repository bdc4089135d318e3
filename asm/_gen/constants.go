package main

import "fmt"

// Constants by name.
var (
	maskLow  = repeat("maskLow", "the low code of every byte", 0x0f)
	maskPair = repeat("maskPair", "the lowest two bits of every byte", 0x03)
	maskEven = repeat("maskEven", "the even bytes", 0xff, 0x00)
	ones16   = repeat("ones16", "1 in every int16", 0x01, 0x00)
	times16  = repeat("times16", "16 in every int16", 0x10, 0x00)
	mask4    = repeat("mask4", "bits 0..3 of every int32", 0x0f, 0, 0, 0)
)

func maskHigh(w *weight) constant {
	b := byte(0x10)
	switch {
	case w.has("nibbles") && w.has("pairs"):
		b = 0x30
	case w.has("pairs"):
		b = 0x04
	}
	return repeat("maskHigh", "where the upper bits of a code go in every byte", b)
}

func tableOf(w *weight) constant {
	return tablePart(w, "table", "", func(v int) int { return v })
}

func tablePart(w *weight, name, what string, part func(v int) int) constant {
	var b []byte
	for _, v := range w.table {
		b = append(b, byte(part(v)))
	}
	return repeat(name, fmt.Sprintf("%swhat the 16 indices stand for, plus %d", what, w.off), b...)
}

func tableLow(w *weight) constant {
	return tablePart(w, "tableLow", "the low four bits of ", func(v int) int { return v & 15 })
}

func tableHigh(w *weight) constant {
	return tablePart(w, "tableHigh", "the high four bits of ", func(v int) int { return v >> 4 })
}

// constants lists what a tile needs, most useful in a register first.
func constants(w *weight, wide bool) []constant {
	var list []constant
	if !wide && w.span() == 0 {
		if list = []constant{maskLow}; w.table != nil {
			list = append(list, tableLow(w), tableHigh(w))
		}
		return append(list, ones16, times16)
	}
	if w.table != nil {
		list = append(list, tableOf(w))
	}
	if w.has("nibbles") {
		list = append(list, maskLow)
	} else if w.has("pairs") {
		list = append(list, maskPair)
	}
	if w.has("bits") || w.has("pairs") && w.has("nibbles") {
		list = append(list, maskHigh(w))
	}
	if wide {
		list = append(list, maskEven)
	} else if w.scaling != halfScale {
		list = append(list, ones16)
	}
	if w.scaling == halfScale && w.minimum {
		list = append(list, mask4)
	}
	return list
}
