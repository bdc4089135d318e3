package cores

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// files are a fake /proc and /sys: names and texts.
type files map[string]string

// with returns the files with others, of which an empty text removes a file.
func (f files) with(more files) files {
	all := maps.Clone(f)
	maps.Copy(all, more)
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// without returns the files whose names do not end like one of the names.
func (f files) without(names ...string) files {
	all := maps.Clone(f)
	maps.DeleteFunc(all, func(name, _ string) bool {
		for _, n := range names {
			if strings.HasSuffix(name, n) {
				return true
			}
		}
		return false
	})
	return all
}

func (f files) tree(arch string) tree {
	root := fstest.MapFS{}
	for name, text := range f {
		root[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return tree{root, arch, 2}
}

// allowed is the file that says which CPUs the process may use.
func allowed(list string) files {
	return files{"proc/self/status": "Name:\tgptrun\nCpus_allowed:\tff\nCpus_allowed_list:\t" + list + "\nMems_allowed:\t1"}
}

// machine returns the files of a machine with so many sockets, cores in each, and
// logical CPUs of each core, numbered as Linux does: first one of each core, then
// the others.
func machine(sockets, cores, perCore int) files {
	n := sockets * cores
	last := n*perCore - 1
	f := files{
		"sys/devices/system/cpu/online":   fmt.Sprintf("0-%d", last),
		"sys/devices/system/cpu/possible": "0-8191",
	}.with(allowed(fmt.Sprintf("0-%d", last)))
	for cpu := range n * perCore {
		var siblings []string
		for i := range perCore {
			siblings = append(siblings, fmt.Sprint(cpu%n+i*n))
		}
		f[cpuFile(cpu, "topology/core_cpus_list")] = strings.Join(siblings, ",")
		f[cpuFile(cpu, "topology/thread_siblings_list")] = strings.Join(siblings, ",")
		f[cpuFile(cpu, "topology/core_id")] = fmt.Sprint(cpu % cores)
		f[cpuFile(cpu, "topology/physical_package_id")] = fmt.Sprint(cpu % n / cores)
	}
	return f
}

// hybrid is an Intel chip with 8 performance cores of two CPUs each, 0 to 15, and
// 16 efficiency cores, 16 to 31.
func hybrid() files {
	f := files{
		"sys/devices/system/cpu/online": "0-31",
		"sys/devices/cpu_core/cpus":     "0-15",
		"sys/devices/cpu_atom/cpus":     "16-31",
	}.with(allowed("0-31"))
	for cpu := range 32 {
		siblings, base := fmt.Sprint(cpu), "2200000"
		if cpu < 16 {
			siblings, base = fmt.Sprintf("%d-%d", cpu&^1, cpu|1), "3000000"
		}
		f[cpuFile(cpu, "topology/core_cpus_list")] = siblings
		f[cpuFile(cpu, "cpufreq/base_frequency")] = base
	}
	return f
}

// each returns the files of one name that CPUs from 0 on have.
func each(name string, texts ...string) files {
	f := files{}
	for cpu, text := range texts {
		f[cpuFile(cpu, name)] = text
	}
	return f
}

// group is the process's control group of version 2, and values of files there.
func group(self string, more files) files {
	return files{"proc/self/cgroup": self}.with(more)
}

func TestCoresOfFakeMachines(t *testing.T) {
	const noLimit = 1 << 20
	capacities := each("cpu_capacity", "446", "446", "446", "446", "1024", "1024", "1024", "1024")
	for _, c := range []struct {
		name    string
		arch    string
		files   files
		text    string
		threads int
	}{
		{"a socket whose cores have two CPUs each", "amd64", machine(1, 8, 2), "8 (16 logical CPUs)", 8},
		{"cores of one CPU", "amd64", machine(1, 6, 1), "6", 6},
		{"two sockets", "amd64", machine(2, 16, 2), "32 (64 logical CPUs)", 32},
		{"two sockets of a kernel with other names", "amd64", machine(2, 16, 2).without("core_cpus_list"), "32 (64 logical CPUs)", 32},
		{"two sockets with core numbers alone", "amd64", machine(2, 16, 2).without("_list").with(allowed("0-63")), "32 (64 logical CPUs)", 32},
		{"no topology", "amd64", machine(1, 8, 2).without("_list", "_id"), "8 (16 logical CPUs)", 8},
		{"POWER with eight CPUs a core", "ppc64le", machine(1, 4, 8), "4 (32 logical CPUs)", 4},

		{"Intel's hybrid chip", "amd64", hybrid(), "8 performance and 16 efficiency (32 logical CPUs)", 8},
		{"one without counting units", "amd64", hybrid().without("/cpus"), "8 performance and 16 efficiency (32 logical CPUs)", 8},
		{"only efficiency cores allowed", "amd64", hybrid().with(allowed("20-23")),
			"8 performance and 16 efficiency (32 logical CPUs); 4 efficiency may be used", 4},
		{"some of both kinds allowed", "amd64", hybrid().with(allowed("1-4,20-23")),
			"8 performance and 16 efficiency (32 logical CPUs); 3 performance and 4 efficiency (8 logical CPUs) may be used", 3},
		{"performance cores offline", "amd64", hybrid().with(files{"sys/devices/system/cpu/online": "16-31", "sys/devices/cpu_core/cpus": ""}), "16", 16},
		{"cores that clock differently", "amd64", machine(1, 4, 1).with(each("cpufreq/cpuinfo_max_freq", "5100000", "3300000", "3300000", "3300000")), "4", 4},
		{"efficiency cores alone", "amd64", machine(1, 4, 1).with(files{"sys/devices/cpu_atom/cpus": "0-3"}), "4", 4},

		{"ARM with four and four", "arm64", machine(1, 8, 1).with(capacities), "4 performance and 4 efficiency", 4},
		{"ARM with one, three and four", "arm64",
			machine(1, 8, 1).with(each("cpu_capacity", "325", "325", "325", "325", "828", "828", "828", "1024")), "4 performance and 4 efficiency", 4},
		{"ARM that tells frequencies", "arm64",
			machine(1, 8, 1).with(each("cpufreq/cpuinfo_max_freq", "1800000", "1800000", "1800000", "1800000", "2400000", "2400000", "2400000", "2400000")), "4 performance and 4 efficiency", 4},
		{"ARM that tells performance", "arm64",
			machine(1, 4, 1).with(each("acpi_cppc/highest_perf", "100", "100", "300", "320")), "2 performance and 2 efficiency", 2},
		{"ARM that tells of some cores", "arm64", machine(1, 8, 1).with(capacities).without("cpu7/cpu_capacity"), "8", 8},
		{"ARM whose values are no numbers", "arm64", machine(1, 2, 1).with(each("cpu_capacity", "-1", "99999999999999999999")), "2", 2},

		{"two CPUs of one core allowed", "amd64", machine(1, 8, 2).with(allowed("3,11")), "8 (16 logical CPUs); 1 (2 logical CPUs) may be used", 1},
		{"one CPU of each of two cores allowed", "amd64", machine(1, 8, 2).with(allowed("3,12")), "8 (16 logical CPUs); 2 may be used", 2},
		{"CPUs allowed that are not there", "amd64", machine(1, 4, 2).with(allowed("0-127")), "4 (8 logical CPUs)", 4},
		{"cores offline", "amd64", machine(1, 8, 2).with(files{"sys/devices/system/cpu/online": "0-1,4,8-9"}), "3 (5 logical CPUs)", 3},
		{"a CPU set narrower than the affinity", "amd64", machine(1, 8, 2).with(allowed("0-7")).with(group("0::/a/b", files{
			"sys/fs/cgroup/a/cpuset.cpus.effective": "0-3,6", "sys/fs/cgroup/cpuset.cpus.effective": "0-15",
		})), "8 (16 logical CPUs); 5 may be used", 5},
		{"a CPU set of version 1", "amd64", machine(1, 8, 2).with(group("4:memory:/\n3:cpuset:/x", files{
			"sys/fs/cgroup/cpuset/x/cpuset.cpus": "2-3,10",
		})), "8 (16 logical CPUs); 2 (3 logical CPUs) may be used", 2},
		{"a CPU set outside the affinity, which cannot be", "amd64", machine(1, 4, 1).with(allowed("0-1")).with(group("0::/", files{
			"sys/fs/cgroup/cpuset.cpus.effective": "2-3",
		})), "4; 2 may be used", 2},

		{"a container with the time of 2 of 64 cores", "amd64", machine(2, 32, 2).with(group("0::/", files{"sys/fs/cgroup/cpu.max": "200000 100000"})),
			"64 (128 logical CPUs); time of 2 CPUs", 2},
		{"a quota that two threads use better", "amd64", machine(1, 8, 1).with(group("0::/", files{"sys/fs/cgroup/cpu.max": "150000 100000"})), "8; time of 1.5 CPUs", 2},
		{"a quota that one thread uses better", "amd64", machine(1, 8, 1).with(group("0::/", files{"sys/fs/cgroup/cpu.max": "14900 10000"})), "8; time of 1.49 CPUs", 1},
		{"a quota of less than a CPU", "amd64", machine(1, 8, 1).with(group("0::/", files{"sys/fs/cgroup/cpu.max": "10000 100000"})), "8; time of 0.1 CPUs", 1},
		{"a quota above the cores", "amd64", machine(1, 8, 1).with(group("0::/", files{"sys/fs/cgroup/cpu.max": "9223372036854775807 1"})), "8; time of 9.22e+18 CPUs", 8},
		{"no quota", "amd64", machine(1, 8, 1).with(group("0::/a", files{"sys/fs/cgroup/a/cpu.max": "max 100000"})), "8", 8},
		{"the tightest of nested groups", "amd64", machine(1, 16, 1).with(group("0::/a/b/c", files{
			"sys/fs/cgroup/a/b/c/cpu.max": "800000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "300000 100000",
		})), "16; time of 3 CPUs", 3},
		{"a quota of version 1", "amd64", machine(1, 16, 1).with(group("5:cpu,cpuacct:/docker/1\n0::/", files{
			"sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us": "400000", "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us": "100000",
		})), "16; time of 4 CPUs", 4},
		{"one of version 1 that a container sees at the top", "amd64", machine(1, 16, 1).with(group("5:cpuacct,cpu:/docker/1", files{
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000",
		})), "16; time of 5 CPUs", 5},
		{"a quota of no sense", "amd64", machine(1, 4, 1).with(group("0::/../../a\n0:\n::\n7:cpu:", files{
			"sys/fs/cgroup/cpu.max": "1e5 x", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000", "sys/fs/cgroup/a/cpu.max": "5 0",
		})), "4", 4},

		{"no affinity", "amd64", machine(1, 4, 1).with(files{"proc/self/status": ""}), "4", 4},
		{"garbage for affinity", "amd64", machine(1, 4, 1).with(allowed("0-1,two")), "4", 4},
		{"CPUs by the thousand million", "amd64", machine(1, 4, 1).with(allowed("0-4294967295")), "4", 4},
		{"siblings by the thousand million", "amd64", machine(1, 4, 2).with(each("topology/core_cpus_list", "0-4294967295", "-", "1-")).with(each("topology/thread_siblings_list", "0-18446744073709551615")), "4 (8 logical CPUs)", 4},
		{"siblings that leave the CPU itself out", "amd64", machine(1, 2, 1).with(each("topology/core_cpus_list", "1", "0")).without("thread_siblings_list"), "2", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.files.tree(c.arch).read()
			require.True(t, ok)
			require.Equal(t, c.text, got.String())
			n, why := got.Threads(noLimit)
			require.Equal(t, c.threads, n, why)
			require.NotEmpty(t, why)
			n, why = got.Threads(1)
			require.Equal(t, 1, n)
			require.Equal(t, c.threads > 1, why == "which is GOMAXPROCS")
		})
	}
}

func TestATreeThatTellsNoCPUsIsNotUsed(t *testing.T) {
	for name, f := range map[string]files{
		"nothing":                  {},
		"garbage":                  machine(1, 4, 1).with(files{"sys/devices/system/cpu/online": "many"}),
		"a range backwards":        machine(1, 4, 1).with(files{"sys/devices/system/cpu/online": "3-0"}),
		"a hole":                   machine(1, 4, 1).with(files{"sys/devices/system/cpu/online": "0,,3"}),
		"CPUs past all":            machine(1, 4, 1).with(files{"sys/devices/system/cpu/online": "8192-9999"}),
		"none that may be used":    machine(1, 4, 1).with(allowed("64-70")),
		"a folder instead of text": machine(1, 4, 1).with(files{"sys/devices/system/cpu/online": "", "sys/devices/system/cpu/online/x": "0"}),
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := f.tree("amd64").read()
			require.False(t, ok)
		})
	}
	c := Count()
	n, why := c.Threads(math.MaxInt)
	require.GreaterOrEqual(t, n, 1)
	require.LessOrEqual(t, n, runtime.NumCPU())
	require.NotEmpty(t, why)
	require.NotEmpty(t, c.String())
}

// Whatever the files hold costs little.
func TestHostileFilesCostLittle(t *testing.T) {
	long := strings.Repeat("0-8191,", maxFile) + "0"
	for name, f := range map[string]files{
		"all CPUs":    machine(1, 4, 1).with(allowed("0-4294967295")).with(files{"sys/devices/system/cpu/online": "0-4294967295"}),
		"long lists":  machine(1, 4, 1).with(allowed(long)).with(each("topology/core_cpus_list", long, long, long, long)),
		"long groups": machine(1, 4, 1).with(group(strings.Repeat("0::"+strings.Repeat("/a", 2000)+"\n", 100), nil)),
		"many groups": machine(1, 4, 1).with(group(strings.Repeat("0::"+strings.Repeat("/a", 50)+"\n", 1000), nil)),
		"one group":   machine(1, 4, 1).with(group("0::"+strings.Repeat("/a", maxFile), nil)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			tree := f.tree("arm64")
			begin := time.Now()
			runtime.ReadMemStats(&before)
			_, _ = tree.read()
			runtime.ReadMemStats(&after)
			require.Less(t, time.Since(begin), time.Second)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
		})
	}
}

func TestListsAreReadAsNumbersAndRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[int]bool{}
		var parts []string
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			first := rapid.IntRange(0, maxCPUs+100).Draw(t, "first")
			last := first + rapid.IntRange(0, 200).Draw(t, "more")
			parts = append(parts, fmt.Sprintf("%d-%d", first, last))
			if last == first {
				parts[len(parts)-1] = fmt.Sprint(first)
			}
			for cpu := first; cpu <= last && cpu < maxCPUs; cpu++ {
				want[cpu] = true
			}
		}
		set, ok := parseList(strings.Join(parts, ",") + "\n")
		require.Equal(t, len(want) > 0, ok)
		require.Equal(t, len(want), set.count())
		for cpu := range set.all() {
			require.True(t, want[cpu] && set.has(cpu))
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add("0-3", "0-1", "0-1", "1024", "0::/a", "150000 100000")
	f.Add("0-4294967295", "0-18446744073709551615", "9-", "-1", "7:cpu:/../x", "max")
	f.Fuzz(func(t *testing.T, online, mask, siblings, capacity, group, quota string) {
		c, ok := files{
			"sys/devices/system/cpu/online": online, "proc/self/cgroup": group, "sys/fs/cgroup/cpu.max": quota,
			cpuFile(0, "topology/core_cpus_list"): siblings, cpuFile(0, "cpu_capacity"): capacity,
		}.with(allowed(mask)).tree("arm64").read()
		if !ok {
			return
		}
		n, _ := c.Threads(maxCPUs)
		require.GreaterOrEqual(t, n, 1)
		require.LessOrEqual(t, n, c.Allowed.Logical)
		require.LessOrEqual(t, c.Allowed.Logical, c.Machine.Logical)
		require.LessOrEqual(t, c.Machine.Logical, maxCPUs)
	})
}
