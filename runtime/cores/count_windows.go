package cores

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"
	"golang.org/x/sys/windows"
)

var (
	kernel32            = windows.NewLazySystemDLL("kernel32.dll")
	processorInfo       = kernel32.NewProc("GetLogicalProcessorInformationEx")
	processAffinityMask = kernel32.NewProc("GetProcessAffinityMask")
	processGroups       = kernel32.NewProc("GetProcessGroupAffinity")
)

// count reads the records of all cores. On AMD's chips classes tell clocks and
// caches apart, not cores.
func count() (Cores, bool) {
	if processorInfo.Find() != nil {
		return Cores{}, false
	}
	const cores, maxBytes = 0, 1 << 20
	var size uint32
	_, _, _ = processorInfo.Call(cores, 0, uintptr(unsafe.Pointer(&size))) // fails, and gives the size
	if size == 0 || size > maxBytes {
		return Cores{}, false
	}
	records := make([]byte, size)
	if ok, _, _ := processorInfo.Call(cores, uintptr(unsafe.Pointer(&records[0])), uintptr(unsafe.Pointer(&size))); ok == 0 {
		return Cores{}, false
	}
	return fromRecords(records[:min(int(size), len(records))], int(unsafe.Sizeof(uintptr(0))), affinity(), cpuid.CPU.VendorID == cpuid.AMD)
}

// affinity returns those of a group's CPUs that the process may use. A mask is
// only of processes that are held to CPUs of one group.
func affinity() func(group uint16, mask uint64) uint64 {
	all := func(_ uint16, mask uint64) uint64 { return mask }
	if processAffinityMask.Find() != nil || processGroups.Find() != nil {
		return all
	}
	var own, system uintptr
	process := uintptr(windows.CurrentProcess())
	ok, _, _ := processAffinityMask.Call(process, uintptr(unsafe.Pointer(&own)), uintptr(unsafe.Pointer(&system)))
	if ok == 0 || own == 0 || own == system {
		return all
	}
	var groups [1]uint16
	count := uint16(len(groups))
	ok, _, _ = processGroups.Call(process, uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&groups)))
	if ok == 0 || count != 1 {
		return all
	}
	return func(group uint16, mask uint64) uint64 {
		if group != groups[0] {
			return 0
		}
		return mask & uint64(own)
	}
}
