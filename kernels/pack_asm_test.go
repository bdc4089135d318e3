//go:build (amd64 || arm64) && !purego

package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

func TestEveryTypeHasAPackerInAssembly(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		for _, typ := range quant.Types() {
			require.NotNil(t, s.Pack[typ], typ.String())
		}
	})
}
