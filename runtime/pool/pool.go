// Package pool runs the items of a task on a fixed set of workers.
//
// It is made for tasks of a few microseconds: a worker that runs out of items
// spins briefly, then yields, then parks, so that a model at rest costs
// nothing and a busy neighbour gets its share. Items are split evenly at first;
// a worker that has finished its own takes from the others, and the caller,
// which works too, waits for finished items and never for a worker.
package pool

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/gptrun/gptrun/loader"
)

// Task is work in independent items.
type Task interface {
	// Do runs one item. worker is in [0, Workers()); no two items run at the
	// same time with the same worker.
	Do(worker, item int)
}

const (
	spins  = 40000 // some 20 µs of polling
	yields = 50
)

// Pool is a set of workers. One goroutine at a time runs tasks on it; others wait.
type Pool struct {
	mu      sync.Mutex
	task    Task
	spans   []span
	workers []worker // of index 1 and up; the caller is worker 0

	epoch     atomic.Uint32
	remaining atomic.Int64
	caller    parker

	failure atomic.Pointer[failure]
	closed  atomic.Bool
	wg      sync.WaitGroup
}

// span is the range of items a worker starts with: end<<32 | next.
type span struct {
	word atomic.Uint64
	_    [120]byte
}

type worker struct {
	parker
	_ [112]byte
}

// parker lets one goroutine sleep until another wakes it.
type parker struct {
	asleep atomic.Bool
	wake   chan struct{}
}

type failure struct{ value any }

// New starts a pool of n workers, the caller of Run among them.
func New(n int) *Pool {
	p := &Pool{spans: make([]span, n), workers: make([]worker, n)}
	p.caller.wake = make(chan struct{}, 1)
	for i := 1; i < n; i++ {
		p.workers[i].wake = make(chan struct{}, 1)
		p.wg.Add(1)
		go p.serve(i)
	}
	return p
}

// Workers returns the number of workers, the caller's included.
func (p *Pool) Workers() int { return len(p.spans) }

// Lock reserves the pool for a sequence of Run calls.
func (p *Pool) Lock() { p.mu.Lock() }

// Unlock gives the pool back.
func (p *Pool) Unlock() { p.mu.Unlock() }

// Run does the items 0…n-1 of t and returns when all are done. The caller
// holds the lock. A memory fault in an item (a mapped file that shrank) is
// returned as an error; any other panic goes on in the caller.
func (p *Pool) Run(t Task, n int) error {
	if n <= 0 {
		return nil
	}
	p.task = t
	p.remaining.Store(int64(n))
	w := len(p.spans)
	for i := range p.spans {
		p.spans[i].word.Store(uint64((i+1)*n/w)<<32 | uint64(i*n/w))
	}
	p.epoch.Add(1)
	if n > 1 {
		for i := 1; i < w; i++ {
			p.workers[i].unpark()
		}
	}
	old := debug.SetPanicOnFault(true)
	for !p.drain(0) {
	}
	debug.SetPanicOnFault(old)
	p.await()
	p.task = nil
	return p.takeFailure()
}

// Close ends the workers. The pool must be idle.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Swap(true) {
		return
	}
	p.epoch.Add(1)
	for i := 1; i < len(p.workers); i++ {
		p.workers[i].unpark()
	}
	p.wg.Wait()
}

// serve is a worker's life.
func (p *Pool) serve(w int) {
	defer p.wg.Done()
	debug.SetPanicOnFault(true)
	seen := uint32(0)
	for {
		seen = p.next(w, seen)
		if p.closed.Load() {
			return
		}
		for !p.drain(w) {
		}
	}
}

// next waits for an epoch other than seen.
func (p *Pool) next(w int, seen uint32) uint32 {
	for range spins {
		if e := p.epoch.Load(); e != seen {
			return e
		}
	}
	for range yields {
		goruntime.Gosched()
		if e := p.epoch.Load(); e != seen {
			return e
		}
	}
	pk := &p.workers[w].parker
	for {
		pk.lieDown()
		if e := p.epoch.Load(); e != seen {
			if !pk.asleep.CompareAndSwap(true, false) {
				<-pk.wake
			}
			return e
		}
		<-pk.wake
	}
}

// drain does items until none is left to claim: first the worker's own, then
// the others'. It reports false when an item panicked and it must be called again.
func (p *Pool) drain(w int) (empty bool) {
	claimed := false
	defer func() {
		if !claimed {
			return
		}
		p.failure.CompareAndSwap(nil, &failure{recover()})
		p.finish()
	}()
	n := len(p.spans)
	for i := range n {
		s := &p.spans[(w+i)%n].word
		for {
			v := s.Load()
			if uint32(v) >= uint32(v>>32) {
				break
			}
			v = s.Add(1) - 1
			if uint32(v) >= uint32(v>>32) {
				break
			}
			claimed = true
			p.task.Do(w, int(uint32(v)))
			claimed = false
			p.finish()
		}
	}
	return true
}

func (p *Pool) finish() {
	if p.remaining.Add(-1) == 0 {
		p.caller.unpark()
	}
}

// await waits until every item is done.
func (p *Pool) await() {
	for range spins {
		if p.remaining.Load() == 0 {
			return
		}
	}
	for range yields {
		goruntime.Gosched()
		if p.remaining.Load() == 0 {
			return
		}
	}
	pk := &p.caller
	for {
		pk.lieDown()
		if p.remaining.Load() == 0 {
			if !pk.asleep.CompareAndSwap(true, false) {
				<-pk.wake
			}
			return
		}
		<-pk.wake
	}
}

// lieDown says that the goroutine is about to sleep; it then looks once more for
// what it waits for, while who brings that looks for sleepers. An exchange rather
// than a store: it is a full barrier in emulators too (qemu lets a load overtake
// an STLR, which no arm64 does before an LDAR).
func (pk *parker) lieDown() { pk.asleep.Swap(true) }

func (pk *parker) unpark() {
	if pk.asleep.Load() && pk.asleep.CompareAndSwap(true, false) {
		pk.wake <- struct{}{}
	}
}

func (p *Pool) takeFailure() error {
	f := p.failure.Swap(nil)
	if f == nil {
		return nil
	}
	if err, ok := loader.FaultError(f.value); ok {
		return err
	}
	panic(fmt.Sprintf("pool: a task panicked: %v", f.value))
}
