package runtime

import (
	goruntime "runtime"

	"github.com/klauspost/cpuid/v2"
)

// defaultThreads is the number of physical cores the process may use: Go's
// GOMAXPROCS knows the affinity mask and the cgroup's quota, in logical CPUs.
func defaultThreads() int {
	perCore := max(1, cpuid.CPU.ThreadsPerCore)
	cores := (goruntime.NumCPU() + perCore - 1) / perCore
	return max(1, min(cores, goruntime.GOMAXPROCS(0)))
}
