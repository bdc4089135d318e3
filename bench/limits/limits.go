// Package limits measures what a machine can do at most: how fast it reads
// memory, and how many operations a second the instructions do that the
// kernels are made of. Benchmarks stand beside these figures.
//
// A limit runs on a pool of workers as the kernels do, so that its fork and
// join cost the same.
package limits

import (
	"time"
	"unsafe"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/pool"
)

// Limit is something that can be measured by doing it.
type Limit struct {
	Unit string  // of a thousand million a second: GB/s or GOP/s
	Work float64 // bytes read or operations done by one run
	Run  func()
}

// Rate runs the limit for at least d and returns the best rate in its unit.
func (l Limit) Rate(d time.Duration) float64 {
	best := time.Duration(0)
	for begin := time.Now(); ; {
		start := time.Now()
		l.Run()
		if t := time.Since(start); best == 0 || t < best {
			best = t
		}
		if time.Since(begin) >= d {
			return l.Work / float64(max(best, 1))
		}
	}
}

const (
	// readPiece bytes are read, and sumPiece rounds of arithmetic done, without
	// a chance to stop the goroutine: some microseconds.
	readPiece = 64 << 10
	sumPiece  = 5000
	// readItem bytes are an item of the workers.
	readItem = 1 << 20
	// stepBytes is what readers take at a time: lengths are multiples of it.
	stepBytes = 256
)

// Stream reads b from one end to the other, split over the workers. The caller
// holds the pool.
func Stream(p *pool.Pool, b []byte) Limit {
	b = b[:len(b)/stepBytes*stepBytes]
	items, read := (len(b)+readItem-1)/readItem, reader()
	return Limit{"GB/s", float64(len(b)), onAll(p, items, func(item int) {
		readAll(read, b[item*readItem:min(len(b), (item+1)*readItem)])
	})}
}

// Reread has each worker read size bytes of its own times over: from a cache,
// where they fit into one. The caller holds the pool.
func Reread(p *pool.Pool, size, times int) Limit {
	size = max(1, size/stepBytes) * stepBytes
	own := make([][]byte, p.Workers())
	for i := range own {
		own[i] = make([]byte, size)
	}
	read := reader()
	return Limit{"GB/s", float64(size) * float64(times) * float64(len(own)), onAll(p, len(own), func(item int) {
		for range times {
			readAll(read, own[item])
		}
	})}
}

// Loop is arithmetic on registers.
type Loop struct {
	Name string // the instruction and the width of its registers
	Ops  int    // operations in a round; a multiplication and an addition are two
	// Run does so many rounds on operands of one, and leaves the sum of its
	// accumulators, as the instruction has them, in acc.
	Run func(acc *[64]byte, rounds int)
}

// Repeat has each worker do so many rounds of the loop. The caller holds the pool.
func (l Loop) Repeat(p *pool.Pool, rounds int) Limit {
	n := p.Workers()
	return Limit{"GOP/s", float64(l.Ops) * float64(rounds) * float64(n), onAll(p, n, func(int) {
		for left := rounds; left > 0; left -= sumPiece {
			l.piece(min(left, sumPiece))
		}
	})}
}

// piece is a real call around assembly, where a goroutine can be stopped.
//
//go:noinline
func (l Loop) piece(rounds int) {
	var acc [64]byte
	l.Run(&acc, rounds)
}

// Products and Sums are a tier's fastest products of bytes and fused
// multiply-adds of float32. They are nil where nothing measures them.
func Products(tier string) *Loop { return loopOf(products, tier) }
func Sums(tier string) *Loop     { return loopOf(sums, tier) }

func loopOf(loops map[string]Loop, tier string) *Loop {
	if l, ok := loops[tier]; ok && available(tier) {
		return &l
	}
	return nil
}

func available(tier string) bool {
	for _, s := range kernels.Available() {
		if s.Name == tier {
			return true
		}
	}
	return false
}

type task func(item int)

func (t task) Do(_, item int) { t(item) }

// onAll returns a run of the items on the pool's workers.
func onAll(p *pool.Pool, items int, do task) func() {
	return func() {
		if err := p.Run(do, items); err != nil {
			panic(err)
		}
	}
}

// reader returns the fastest function there is that adds up the words of b.
func reader() func(b []byte) uint64 {
	for tier, read := range readers {
		if available(tier) {
			return read
		}
	}
	return readWords
}

func readAll(read func([]byte) uint64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), readPiece)
		readCall(read, b[:n])
		b = b[n:]
	}
}

//go:noinline
func readCall(read func([]byte) uint64, b []byte) { read(b) }

// readWords adds up the words of b, eight at a time.
func readWords(b []byte) uint64 {
	w := unsafe.Slice((*[8]uint64)(unsafe.Pointer(&b[0])), len(b)/64)
	var s0, s1, s2, s3 uint64
	for i := range w {
		v := &w[i]
		s0 += v[0] + v[4]
		s1 += v[1] + v[5]
		s2 += v[2] + v[6]
		s3 += v[3] + v[7]
	}
	return s0 + s1 + s2 + s3
}
