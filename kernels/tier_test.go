package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// forEachTier runs f for every tier of this machine but the generic one, which
// the others are compared with.
func forEachTier(t *testing.T, f func(t *testing.T, s *Set)) {
	t.Helper()
	tiers := Available()[1:]
	if len(tiers) == 0 {
		t.Skip("this build and machine have no tier but generic")
	}
	for _, s := range tiers {
		t.Run(s.Name, func(t *testing.T) { f(t, s) })
	}
}

func TestTheGenericTierIsAlwaysThereAndFirst(t *testing.T) {
	var names []string
	for _, s := range Available() {
		names = append(names, s.Name)
	}
	t.Logf("tiers: %v", names)
	require.Equal(t, "generic", names[0])
	require.Subset(t, tierNames, names)
}

func TestSelectTakesTheNamedTierOrTheBest(t *testing.T) {
	sets := Available()
	best, err := Select("")
	require.NoError(t, err)
	require.Equal(t, sets[len(sets)-1].Name, best.Name)
	for _, s := range sets {
		got, err := Select(s.Name)
		require.NoError(t, err)
		require.Equal(t, s.Name, got.Name)
	}
}

func TestSelectRefusesTiersThatCannotRun(t *testing.T) {
	_, err := Select("sse")
	require.EqualError(t, err, `CPU tier "sse" is not one of generic, avx2, avx512, neon, dotprod, i8mm`)
	here := map[string]bool{}
	for _, s := range Available() {
		here[s.Name] = true
	}
	for _, name := range tierNames {
		if !here[name] {
			_, err := Select(name)
			require.ErrorContains(t, err, `CPU tier "`+name+`"`)
		}
	}
}
