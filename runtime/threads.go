package runtime

import (
	goruntime "runtime"

	"github.com/gptrun/gptrun/runtime/cores"
)

// defaultThreads is how many threads a model has by default.
func defaultThreads() int {
	n, _ := threads(cores.Count())
	return n
}

// threads is how many threads suit c, as far as Options and Go allow, and why.
func threads(c cores.Cores) (n int, why string) {
	return c.Threads(min(goruntime.GOMAXPROCS(0), maxThreads))
}
