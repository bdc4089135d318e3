package cores

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCoresOfMacOS(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers map[string]int
		names   map[string]string
		want    Kinds
	}{
		{"an Intel chip", map[string]int{"hw.physicalcpu": 8, "hw.logicalcpu": 16}, nil, Kinds{8, 0, 16}},
		{"performance and efficiency", map[string]int{
			"hw.nperflevels": 2, "hw.perflevel0.physicalcpu": 4, "hw.perflevel0.logicalcpu": 4, "hw.perflevel1.physicalcpu": 6, "hw.perflevel1.logicalcpu": 6,
		}, map[string]string{"hw.perflevel0.name": "Performance", "hw.perflevel1.name": "Efficiency"}, Kinds{4, 6, 10}},
		{"levels without names", map[string]int{
			"hw.nperflevels": 2, "hw.perflevel0.physicalcpu": 4, "hw.perflevel0.logicalcpu": 4, "hw.perflevel1.physicalcpu": 4, "hw.perflevel1.logicalcpu": 4,
		}, nil, Kinds{4, 4, 8}},
		{"levels that are both fast", map[string]int{
			"hw.nperflevels": 2, "hw.perflevel0.physicalcpu": 6, "hw.perflevel0.logicalcpu": 6, "hw.perflevel1.physicalcpu": 12, "hw.perflevel1.logicalcpu": 12,
		}, map[string]string{"hw.perflevel0.name": "Super", "hw.perflevel1.name": "Performance"}, Kinds{18, 0, 18}},
		{"levels that make no sense", map[string]int{
			"hw.nperflevels": 2, "hw.perflevel0.physicalcpu": -1, "hw.physicalcpu": 8, "hw.logicalcpu": 8,
		}, nil, Kinds{8, 0, 8}},
		{"levels by the million", map[string]int{"hw.nperflevels": 1 << 30, "hw.physicalcpu": 8, "hw.logicalcpu": 8}, nil, Kinds{8, 0, 8}},
		{"nothing", nil, nil, Kinds{}},
		{"more cores than CPUs", map[string]int{"hw.physicalcpu": 8, "hw.logicalcpu": 4}, nil, Kinds{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := fromLevels(func(name string) (int, bool) {
				n, ok := c.numbers[name]
				return n, ok
			}, func(name string) string { return c.names[name] })
			require.Equal(t, c.want != Kinds{}, ok)
			if ok {
				require.Equal(t, Cores{Machine: c.want, Allowed: c.want}, got)
			}
		})
	}
}

// windowsCore is a record as Windows makes them, with masks by groups.
func windowsCore(word int, class byte, masks ...uint64) []byte {
	b := make([]byte, recordMasks)
	b[recordClass] = class
	binary.LittleEndian.PutUint16(b[recordGroups:], uint16(len(masks)))
	for group, mask := range masks {
		b = append(b, binary.LittleEndian.AppendUint64(nil, mask)[:word]...)
		b = binary.LittleEndian.AppendUint16(b, uint16(group))
		b = append(b, make([]byte, 6)...)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	return b
}

func TestCoresOfWindows(t *testing.T) {
	all := func(_ uint16, mask uint64) uint64 { return mask }
	only := func(group uint16, own uint64) func(uint16, uint64) uint64 {
		return func(g uint16, mask uint64) uint64 {
			if g != group {
				return 0
			}
			return mask & own
		}
	}
	other := windowsCore(8, 9, 1)
	other[0] = 3 // a socket, say
	join := func(records ...[]byte) (all []byte) {
		for _, r := range records {
			all = append(all, r...)
		}
		return all
	}
	for _, word := range []int{4, 8} {
		hybrid := join(windowsCore(word, 1, 0b11), windowsCore(word, 1, 0b1100), other, windowsCore(word, 0, 0b10000), windowsCore(word, 0, 0b100000))
		groups := join(windowsCore(word, 0, 0b11), windowsCore(word, 0, 0, 0b11))
		for _, c := range []struct {
			name               string
			records            []byte
			allowed            func(uint16, uint64) uint64
			alike              bool
			machine, permitted Kinds
		}{
			{"cores of one kind", join(windowsCore(word, 0, 0b11), windowsCore(word, 0, 0b1100)), all, false, Kinds{2, 0, 4}, Kinds{2, 0, 4}},
			{"a hybrid chip", hybrid, all, false, Kinds{2, 2, 6}, Kinds{2, 2, 6}},
			{"classes of cores that are alike", hybrid, all, true, Kinds{4, 0, 6}, Kinds{4, 0, 6}},
			{"affinity to one core's CPUs", hybrid, only(0, 0b11), false, Kinds{2, 2, 6}, Kinds{1, 0, 2}},
			{"affinity to efficiency cores", hybrid, only(0, 0b110000), false, Kinds{2, 2, 6}, Kinds{0, 2, 2}},
			{"two groups", groups, all, false, Kinds{2, 0, 4}, Kinds{2, 0, 4}},
			{"affinity to the second group", groups, only(1, 0b10), false, Kinds{2, 0, 4}, Kinds{1, 0, 1}},
		} {
			t.Run(c.name, func(t *testing.T) {
				got, ok := fromRecords(c.records, word, c.allowed, c.alike)
				require.True(t, ok)
				require.Equal(t, Cores{Machine: c.machine, Allowed: c.permitted}, got)
			})
		}
	}
}

func FuzzWindowsRecords(f *testing.F) {
	f.Add(append(windowsCore(8, 1, 3), windowsCore(8, 0, 4)...), true)
	f.Add(windowsCore(4, 1, 3), false)
	f.Fuzz(func(t *testing.T, records []byte, wide bool) {
		word := 4
		if wide {
			word = 8
		}
		c, ok := fromRecords(records, word, func(_ uint16, mask uint64) uint64 { return mask }, false)
		if ok {
			n, _ := c.Threads(1 << 20)
			require.GreaterOrEqual(t, n, 1)
		}
	})
}

func TestRecordsThatLieAreRefused(t *testing.T) {
	all := func(_ uint16, mask uint64) uint64 { return mask }
	good := windowsCore(8, 0, 3)
	for name, change := range map[string]func(b []byte){
		"a record of no length":     func(b []byte) { binary.LittleEndian.PutUint32(b[4:], 0) },
		"a record past the end":     func(b []byte) { binary.LittleEndian.PutUint32(b[4:], 1<<31) },
		"more groups than there is": func(b []byte) { binary.LittleEndian.PutUint16(b[recordGroups:], 65535) },
		"no CPU":                    func(b []byte) { clear(b[recordMasks:]) },
		"no core":                   func(b []byte) { b[0] = 1 },
	} {
		bad := append([]byte(nil), good...)
		change(bad)
		_, ok := fromRecords(bad, 8, all, false)
		require.False(t, ok, name)
	}
	_, ok := fromRecords(nil, 8, all, false)
	require.False(t, ok)
}
