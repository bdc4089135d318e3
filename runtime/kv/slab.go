package kv

import "github.com/gptrun/gptrun/runtime/mem"

const (
	// slabUnit is the size of a huge page: memory smaller than this is not worth
	// a region of its own.
	slabUnit = 2 << 20
	// blockAlign keeps blocks apart by whole cache lines.
	blockAlign = 128
)

// slabs are the regions of huge pages that a cache's blocks are cut from.
// Attention streams them half as fast again as small pages, and they are held
// until all are freed.
type slabs struct {
	regions []*mem.Region
	room    []byte // what is left of the last one
}

// cut returns a block of n bytes. Where memory runs out, slab bytes more are
// taken from the system; the block is nil where it has none.
func (s *slabs) cut(n, slab int) block {
	room := roundUp(n, blockAlign)
	if len(s.room) < room {
		r, err := mem.Alloc(roundUp(max(room, slab), slabUnit))
		if err != nil {
			return nil
		}
		s.regions, s.room = append(s.regions, r), r.Bytes()
	}
	b := s.room[:n:n]
	s.room = s.room[room:]
	return b
}

// free gives the regions back; no block of them may be in use.
func (s *slabs) free() {
	for _, r := range s.regions {
		_ = r.Free() // memory of this process that was mapped as it is unmapped
	}
	*s = slabs{}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
