package cores

import (
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// tree is Linux's /proc and /sys, by the root folder that both are in.
type tree struct {
	root    fs.FS
	arch    string // as GOARCH spells it
	perCore int    // logical CPUs, where the files do not say
}

// read counts the cores; ok is false where the system does not say which CPUs
// there are.
func (t tree) read() (c Cores, ok bool) {
	online, ok := t.list("sys/devices/system/cpu/online")
	if !ok {
		return Cores{}, false
	}
	// The mask may name CPUs that are not there, so that they serve once they are.
	allowed := online
	if mask, ok := t.affinity(); ok {
		allowed = allowed.and(&mask)
	}
	if set, ok := t.cpuset(); ok {
		if both := allowed.and(&set); both != (cpuSet{}) {
			allowed = both
		}
	}
	if allowed == (cpuSet{}) {
		return Cores{}, false
	}
	slow := t.efficiency(&online)
	cores := t.cores(&online)
	c.Machine = t.kinds(&online, &slow, cores)
	c.Allowed = t.kinds(&allowed, &slow, cores)
	c.Quota = t.quota()
	return c, true
}

// maxFile is what is read of a file: lists of 8192 CPUs fit.
const maxFile = 1 << 16

func (t tree) text(name string) (string, bool) {
	f, err := t.root.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	return strings.TrimSpace(string(b)), err == nil
}

func (t tree) list(name string) (cpuSet, bool) {
	text, ok := t.text(name)
	if !ok {
		return cpuSet{}, false
	}
	return parseList(text)
}

// number reads a positive number.
func (t tree) number(name string) (int64, bool) {
	text, ok := t.text(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

func cpuFile(cpu int, name string) string {
	return "sys/devices/system/cpu/cpu" + strconv.Itoa(cpu) + "/" + name
}

func (t tree) affinity() (cpuSet, bool) {
	text, _ := t.text("proc/self/status")
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseList(list)
		}
	}
	return cpuSet{}, false
}

// kinds counts the cores that have some of the CPUs.
func (t tree) kinds(cpus, slow *cpuSet, cores map[int]string) Kinds {
	k := Kinds{Logical: cpus.count()}
	seen := map[string]bool{}
	for cpu := range cpus.all() {
		core, known := cores[cpu]
		if known && seen[core] {
			continue
		}
		seen[core] = true
		if slow.has(cpu) {
			k.Efficiency++
		} else {
			k.Performance++
		}
	}
	if len(cores) == 0 {
		k.Performance = (k.Performance + t.perCore - 1) / t.perCore
		k.Efficiency = (k.Efficiency + t.perCore - 1) / t.perCore
	}
	return k
}

// maxSiblings is the most logical CPUs of a core; POWER has eight.
const maxSiblings = 8

// cores names the physical core of each CPU, as far as it is known.
func (t tree) cores(cpus *cpuSet) map[int]string {
	cores := map[int]string{}
	for cpu := range cpus.all() {
		if cores[cpu] != "" {
			continue
		}
		if siblings, ok := t.siblings(cpu); ok {
			for sibling := range siblings.all() {
				cores[sibling] = "cpu" + strconv.Itoa(cpu)
			}
			continue
		}
		core, ok1 := t.text(cpuFile(cpu, "topology/core_id"))
		socket, ok2 := t.text(cpuFile(cpu, "topology/physical_package_id"))
		if ok1 && ok2 {
			cores[cpu] = socket + "/" + core
		}
	}
	return cores
}

// siblings are the logical CPUs of a CPU's core.
func (t tree) siblings(cpu int) (cpuSet, bool) {
	for _, file := range []string{"topology/core_cpus_list", "topology/thread_siblings_list"} {
		set, ok := t.list(cpuFile(cpu, file))
		if ok && set.has(cpu) && set.count() <= maxSiblings {
			return set, true
		}
	}
	return cpuSet{}, false
}

// signal is a file of each CPU that tells how fast it is.
type signal struct {
	file string
	// least is the part of the largest value that a performance core has. Among
	// cores of one kind, a few may clock higher than the others.
	least float64
}

// signals are tried in turn. On amd64 the only cores that differ in more than
// clock and caches are Intel's, whose driver gives the base frequency of each
// kind.
func (t tree) signals() []signal {
	if t.arch == "amd64" || t.arch == "386" {
		return []signal{{"cpufreq/base_frequency", 0.9}}
	}
	return []signal{{"cpu_capacity", 0.5}, {"acpi_cppc/highest_perf", 0.5}, {"cpufreq/cpuinfo_max_freq", 0.8}}
}

// efficiency returns the CPUs of efficiency cores, of those that run.
func (t tree) efficiency(online *cpuSet) (slow cpuSet) {
	// Intel's hybrid chips have a counting unit for each kind of core.
	fast, ok1 := t.list("sys/devices/cpu_core/cpus")
	_, ok2 := t.list("sys/devices/cpu_atom/cpus")
	if fast = fast.and(online); ok1 && ok2 && fast != (cpuSet{}) {
		for i := range slow {
			slow[i] = online[i] &^ fast[i]
		}
		return slow
	}
	for _, s := range t.signals() {
		values := map[int]int64{}
		var largest int64
		for cpu := range online.all() {
			v, ok := t.number(cpuFile(cpu, s.file))
			if !ok {
				break
			}
			values[cpu] = v
			largest = max(largest, v)
		}
		if len(values) < online.count() {
			continue
		}
		for cpu, v := range values {
			if float64(v) < s.least*float64(largest) {
				slow.add(uint64(cpu), uint64(cpu))
			}
		}
		return slow
	}
	return slow
}

// maxDepth is more than control groups are nested.
const maxDepth = 64

// groups yields the folders of the process's control group and of those around
// it, from the inside out. In a container they may be found at the top alone.
func (t tree) groups(controller string, yield func(dir string) (more bool)) {
	text, _ := t.text("proc/self/cgroup")
	var done [2]bool // a process is in one group of a controller's in each version
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 || strings.Count(fields[2], "/") > maxDepth {
			continue
		}
		version, bases := 2, []string{"sys/fs/cgroup"}
		if names := fields[1]; names != "" {
			if !strings.Contains(","+names+",", ","+controller+",") {
				continue
			}
			version, bases = 1, []string{"sys/fs/cgroup/" + names, "sys/fs/cgroup/" + controller}
		}
		if done[version-1] {
			continue
		}
		done[version-1] = true
		for _, base := range bases {
			for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
				if !yield(path.Join(base, group)) {
					return
				}
				if group == "/" {
					break
				}
			}
		}
	}
}

// cpuset is the set of CPUs that the innermost control group may use.
func (t tree) cpuset() (set cpuSet, found bool) {
	t.groups("cpuset", func(dir string) bool {
		for _, name := range []string{"cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"} {
			if set, found = t.list(path.Join(dir, name)); found {
				return false
			}
		}
		return true
	})
	return set, found
}

// quota is the tightest limit of the control groups, in CPUs; 0: none.
func (t tree) quota() (least float64) {
	t.groups("cpu", func(dir string) bool {
		quota, period := int64(0), int64(0)
		if text, ok := t.text(path.Join(dir, "cpu.max")); ok { // such as "150000 100000", or "max 100000"
			first, second, _ := strings.Cut(text, " ")
			quota, _ = strconv.ParseInt(first, 10, 64)
			period, _ = strconv.ParseInt(second, 10, 64)
		} else {
			quota, _ = t.number(path.Join(dir, "cpu.cfs_quota_us")) // -1: no limit
			period, _ = t.number(path.Join(dir, "cpu.cfs_period_us"))
		}
		if quota <= 0 || period <= 0 {
			return true
		}
		if limit := float64(quota) / float64(period); least == 0 || limit < least {
			least = limit
		}
		return true
	})
	return least
}
