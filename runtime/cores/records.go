package cores

import (
	"encoding/binary"
	"math/bits"
)

// A record of Windows's GetLogicalProcessorInformationEx describes a core:
//
//	0  relationship uint32, 0 for a core
//	4  size         uint32, of the record
//	9  class        uint8, the higher the faster
//	30 groups       uint16
//	32 for each group: mask uintptr, group uint16, 6 bytes
const (
	recordClass  = 9
	recordGroups = 30
	recordMasks  = 32
)

// fromRecords counts the cores of Windows's records, whose masks have words of the
// given number of bytes. allowed are those of a group's CPUs that the process may
// use. Where alike is set, classes tell of no more than clocks and caches.
func fromRecords(records []byte, word int, allowed func(group uint16, mask uint64) uint64, alike bool) (Cores, bool) {
	type core struct {
		class           byte
		logical, usable int
	}
	var list []core
	var fastest byte
	for len(records) >= recordMasks {
		size := uint64(binary.LittleEndian.Uint32(records[4:]))
		if size < recordMasks || size > uint64(len(records)) {
			return Cores{}, false
		}
		record := records[:size]
		records = records[size:]
		if binary.LittleEndian.Uint32(record) != 0 {
			continue
		}
		c := core{class: record[recordClass]}
		groups := int(binary.LittleEndian.Uint16(record[recordGroups:]))
		masks := record[recordMasks:]
		for range groups {
			if len(masks) < word+8 {
				return Cores{}, false
			}
			mask := binary.LittleEndian.Uint64(masks) & (^uint64(0) >> (64 - 8*word))
			group := binary.LittleEndian.Uint16(masks[word:])
			c.logical += bits.OnesCount64(mask)
			c.usable += bits.OnesCount64(allowed(group, mask))
			masks = masks[word+8:]
		}
		fastest = max(fastest, c.class)
		list = append(list, c)
	}
	var k Cores
	for _, c := range list {
		efficient := c.class < fastest && !alike
		k.Machine.add(efficient, c.logical)
		if c.usable > 0 {
			k.Allowed.add(efficient, c.usable)
		}
	}
	return k, k.Allowed.Logical > 0
}

// add counts a core with some logical CPUs.
func (k *Kinds) add(efficient bool, logical int) {
	if efficient {
		k.Efficiency++
	} else {
		k.Performance++
	}
	k.Logical += logical
}
