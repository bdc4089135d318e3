package loader_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

func openBytes(t testing.TB, f *gguftest.File) *loader.File {
	t.Helper()
	m, err := loader.OpenBytes(f.Bytes())
	require.NoError(t, err)
	return m
}

func TestEveryKindOfValueReadsBack(t *testing.T) {
	values := []struct {
		name  string
		value any
		text  string
		json  string
	}{
		{"uint8", uint8(200), "200", "200"},
		{"int8", int8(-100), "-100", "-100"},
		{"uint16", uint16(60000), "60000", "60000"},
		{"int16", int16(-30000), "-30000", "-30000"},
		{"uint32", uint32(4e9), "4000000000", "4000000000"},
		{"int32", int32(-2e9), "-2000000000", "-2000000000"},
		{"uint64", uint64(math.MaxUint64), "18446744073709551615", "18446744073709551615"},
		{"int64", int64(math.MinInt64), "-9223372036854775808", "-9223372036854775808"},
		{"float32", float32(0.1), "0.1", "0.1"},
		{"float64", 0.1, "0.1", "0.1"},
		{"infinite float32", float32(math.Inf(-1)), "-Inf", `"-Inf"`},
		{"bool", true, "true", "true"},
		{"string", "a\x1b[31m\"é", `"a\x1b[31m\"é"`, `"a\u001b[31m\"é"`},
		{"empty string", "", `""`, `""`},
		{"array of uint8", []uint8{1, 2}, "[1, 2]", "[1,2]"},
		{"array of int8", []int8{-1, 2}, "[-1, 2]", "[-1,2]"},
		{"array of uint16", []uint16{1, 60000}, "[1, 60000]", "[1,60000]"},
		{"array of int16", []int16{-1}, "[-1]", "[-1]"},
		{"array of uint32", []uint32{1, 2, 3, 4, 5}, "[1, 2, 3, 4, … 5 values]", "[1,2,3,4,5]"},
		{"array of int32", []int32{-7}, "[-7]", "[-7]"},
		{"array of uint64", []uint64{1 << 63}, "[9223372036854775808]", "[9223372036854775808]"},
		{"array of int64", []int64{-1 << 63}, "[-9223372036854775808]", "[-9223372036854775808]"},
		{"array of float32", []float32{1.5, -2}, "[1.5, -2]", "[1.5,-2]"},
		{"array of float64", []float64{1.5, math.Inf(1)}, "[1.5, +Inf]", `[1.5,"+Inf"]`},
		{"array of bool", []bool{true, false}, "[true, false]", "[true,false]"},
		{"array of string", []string{"[", "", "c"}, `["[", "", "c"]`, `["[","","c"]`},
		{"empty array", []string{}, "[]", "[]"},
		{"array of arrays", []any{[]int32{1}, []string{"x", "y"}, []any{[]bool{}}}, `[[1], ["x", "y"], [[]]]`, `[[1],["x","y"],[[]]]`},
	}
	var file gguftest.File
	for _, v := range values {
		file.Set(v.name, v.value)
	}
	m := openBytes(t, &file)
	require.Len(t, m.Meta.Keys(), len(values))
	for i, v := range values {
		t.Run(v.name, func(t *testing.T) {
			require.Equal(t, v.name, m.Meta.Keys()[i])
			got, ok := m.Meta.Value(v.name)
			require.True(t, ok)
			x, err := got.Any()
			require.NoError(t, err)
			require.Equal(t, v.value, x)
			require.Equal(t, v.text, got.String())
			text, err := json.Marshal(got)
			require.NoError(t, err)
			require.Equal(t, v.json, string(text))
		})
	}
}

func TestLongStringsAreShownCut(t *testing.T) {
	text := string(make([]byte, 1000))
	m := openBytes(t, &gguftest.File{Meta: []gguftest.Pair{{Key: "k", Value: text}}})
	v, _ := m.Meta.Value("k")
	require.Equal(t, 1000, v.Len())
	require.Less(t, len(v.String()), 400)
	require.Contains(t, v.String(), "(1000 bytes)")
}

// getters call every getter on a key, and return their values.
var getters = map[string]func(m *loader.Metadata, key string) (any, bool, error){
	"String":  func(m *loader.Metadata, key string) (any, bool, error) { return result(m.String(key)) },
	"Bool":    func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Bool(key)) },
	"Uint":    func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Uint(key)) },
	"Float":   func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Float(key)) },
	"Strings": func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Strings(key)) },
	"Ints":    func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Ints(key)) },
	"Floats":  func(m *loader.Metadata, key string) (any, bool, error) { return result(m.Floats(key)) },
}

func result[T any](v T, ok bool, err error) (any, bool, error) { return v, ok, err }

func TestGettersTakeTheirKindsAndNoOthers(t *testing.T) {
	type answers map[string]any // by getter; a string that begins with "!" is an error
	tests := []struct {
		value any
		typ   string
		want  answers
	}{
		{uint8(7), "uint8", answers{"Uint": uint64(7), "Float": 7.0}},
		{int8(7), "int8", answers{"Uint": uint64(7), "Float": 7.0}},
		{int8(-7), "int8", answers{"Uint": "!-7 must not be negative", "Float": -7.0}},
		{uint16(7), "uint16", answers{"Uint": uint64(7), "Float": 7.0}},
		{int16(-7), "int16", answers{"Uint": "!-7 must not be negative", "Float": -7.0}},
		{uint32(1 << 31), "uint32", answers{"Uint": uint64(1 << 31), "Float": 2147483648.0}},
		{int32(-7), "int32", answers{"Uint": "!-7 must not be negative", "Float": -7.0}},
		{uint64(math.MaxUint64), "uint64", answers{"Uint": uint64(math.MaxUint64), "Float": 18446744073709551616.0}},
		{int64(-1), "int64", answers{"Uint": "!-1 must not be negative", "Float": -1.0}},
		{float32(0.5), "float32", answers{"Float": 0.5}},
		{0.25, "float64", answers{"Float": 0.25}},
		{true, "bool", answers{"Bool": true}},
		{false, "bool", answers{"Bool": false}},
		{gguftest.Raw{Kind: loader.KindBool, Payload: []byte{255}}, "bool", answers{"Bool": true}},
		{"text", "string", answers{"String": "text"}},
		{[]string{"ab", "", "c"}, "array of string", answers{"Strings": []string{"ab", "", "c"}}},
		{[]string{}, "array of string", answers{"Strings": []string{}}},
		{[]uint8{255}, "array of uint8", answers{"Ints": []int64{255}}},
		{[]int8{-1}, "array of int8", answers{"Ints": []int64{-1}}},
		{[]uint16{65535}, "array of uint16", answers{"Ints": []int64{65535}}},
		{[]int16{-1, 1}, "array of int16", answers{"Ints": []int64{-1, 1}}},
		{[]uint32{math.MaxUint32}, "array of uint32", answers{"Ints": []int64{math.MaxUint32}}},
		{[]int32{-1, 1}, "array of int32", answers{"Ints": []int64{-1, 1}}},
		{[]uint64{1, 1 << 63}, "array of uint64", answers{"Ints": "!value 9223372036854775808, number 1 of the array, is out of range"}},
		{[]int64{math.MinInt64}, "array of int64", answers{"Ints": []int64{math.MinInt64}}},
		{[]bool{true, false}, "array of bool", answers{"Ints": []int64{1, 0}}},
		{[]float32{0.5}, "array of float32", answers{"Floats": []float32{0.5}}},
		{[]float64{0.1, 1e300}, "array of float64", answers{"Floats": []float32{0.1, float32(math.Inf(1))}}},
		{[]any{[]string{"x"}}, "array of array", answers{}},
	}
	for _, test := range tests {
		t.Run(test.typ, func(t *testing.T) {
			m := openBytes(t, &gguftest.File{Meta: []gguftest.Pair{{Key: "some.key", Value: test.value}}})
			for name, get := range getters {
				got, ok, err := get(&m.Meta, "some.key")
				want, takes := test.want[name]
				text, _ := want.(string)
				switch {
				case takes && len(text) > 0 && text[0] == '!':
					require.ErrorIs(t, err, loader.ErrMetadata)
					require.EqualError(t, err, `key "some.key": `+text[1:])
				case takes:
					require.NoError(t, err, name)
					require.True(t, ok, name)
					require.Equal(t, want, got, name)
				default:
					require.False(t, ok, name)
					require.ErrorIs(t, err, loader.ErrMetadata)
					require.ErrorContains(t, err, `key "some.key" is of type `+test.typ+"; it should be ")
				}
			}
		})
	}
}

func TestAMissingKeyIsNoError(t *testing.T) {
	m := openBytes(t, &gguftest.File{})
	for name, get := range getters {
		_, ok, err := get(&m.Meta, "absent")
		require.NoError(t, err, name)
		require.False(t, ok, name)
	}
	_, ok := m.Meta.Value("absent")
	require.False(t, ok)
}

func TestWhatGettersReturnOutlivesTheFile(t *testing.T) {
	file := gguftest.File{Meta: []gguftest.Pair{{Key: "s", Value: "text"}, {Key: "a", Value: []string{"x", "yz"}}}}
	data := file.Bytes()
	m, err := loader.OpenBytes(data)
	require.NoError(t, err)
	s, _, err := m.Meta.String("s")
	require.NoError(t, err)
	a, _, err := m.Meta.Strings("a")
	require.NoError(t, err)
	require.NoError(t, m.Close())
	clear(data)
	require.Equal(t, "text", s)
	require.Equal(t, []string{"x", "yz"}, a)
}

func TestManyStringsTakeFewAllocations(t *testing.T) {
	words := make([]string, 1000)
	for i := range words {
		words[i] = string(rune('a' + i%26))
	}
	m := openBytes(t, &gguftest.File{Meta: []gguftest.Pair{{Key: "a", Value: words}}})
	allocs := testing.AllocsPerRun(10, func() {
		if _, _, err := m.Meta.Strings("a"); err != nil {
			panic(err)
		}
	})
	require.Less(t, allocs, 20.0, "two slices and what the call itself takes")
}
