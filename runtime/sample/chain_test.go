package sample

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// likeliest returns the ids by logit, the likeliest first, ties by the lower id.
func likeliest(logits []float32) []int32 {
	ids := make([]int32, len(logits))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortFunc(ids, func(a, b int32) int {
		return cmp.Or(cmp.Compare(logits[b], logits[a]), cmp.Compare(a, b))
	})
	return ids
}

func probabilities(logits []float32) []float64 {
	top := float64(slices.Max(logits))
	p := make([]float64, len(logits))
	sum := 0.0
	for i, l := range logits {
		p[i] = math.Exp(float64(l) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// kept applies one sampler and returns the ids it keeps, in its order.
func kept(build func(Params, int) stage, p Params, logits []float32, before ...func(*candidates)) []int32 {
	c := new(candidates)
	c.reset(slices.Clone(logits))
	for _, f := range before {
		f(c)
	}
	if s := build(p, 100); s != nil {
		s.apply(c)
	}
	var ids []int32
	for _, x := range c.all() {
		ids = append(ids, x.id)
	}
	return ids
}

func drawLogits(t *rapid.T) []float32 {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float32 {
		return float32(rapid.IntRange(-40, 40).Draw(t, "quarter")) / 4 // with ties
	}), 1, 60).Draw(t, "logits")
}

func TestTopKPassesOverWhatIsNoNumber(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	logits := []float32{nan, 1, -inf, 3, nan, 2, -inf}
	for _, k := range []int{3, 4, 6} {
		require.Equal(t, []int32{3, 5, 1}, kept(newTopK, Params{Temperature: 1, TopK: k}, logits))
	}
	require.Equal(t, []int32{3, 5}, kept(newTopK, Params{Temperature: 1, TopK: 2}, logits))
}

func listAll(c *candidates) { c.all() }
func sortAll(c *candidates) { c.keepTop(len(c.logits)) }

func TestTopKKeepsTheKLikeliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logits := drawLogits(t)
		k := rapid.IntRange(1, 70).Draw(t, "k")
		want := likeliest(logits)[:min(k, len(logits))]
		for _, before := range [][]func(*candidates){nil, {listAll}, {sortAll}} {
			got := kept(newTopK, Params{Temperature: 1, TopK: k}, logits, before...)
			if k >= len(logits) {
				require.ElementsMatch(t, want, got)
			} else {
				require.Equal(t, want, got)
			}
		}
	})
}

func TestTopPKeepsTheFewestLikeliestThatReachP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logits := drawLogits(t)
		p := float32(rapid.Float64Range(0, 0.999).Draw(t, "p"))
		prob := probabilities(logits)
		order := likeliest(logits)
		for _, before := range [][]func(*candidates){nil, {listAll}, {sortAll}} {
			got := kept(newTopP, Params{Temperature: 1, TopP: p}, logits, before...)
			require.NotEmpty(t, got)
			require.Equal(t, order[:len(got)], got)
			sum := 0.0
			for _, id := range got {
				sum += prob[id]
			}
			require.GreaterOrEqual(t, sum, float64(p)-1e-9)
			require.LessOrEqual(t, sum-prob[got[len(got)-1]], float64(p)+1e-9)
		}
	})
}

func TestMinPKeepsThoseNearTheLikeliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logits := drawLogits(t)
		p := float32(rapid.Float64Range(0.001, 1).Draw(t, "p"))
		prob := probabilities(logits)
		top := slices.Max(prob)
		got := kept(newMinP, Params{Temperature: 1, MinP: p}, logits)
		for id, q := range prob {
			if ratio := q / top; math.Abs(ratio-float64(p)) > 1e-9 {
				require.Equal(t, ratio > float64(p), slices.Contains(got, int32(id)), "token %d of ratio %v", id, ratio)
			}
		}
	})
}

func TestSamplersAreOffWhereTheirParametersSaySo(t *testing.T) {
	for _, c := range []struct {
		name   string
		build  func(Params, int) stage
		params Params
	}{
		{"top_k 0", newTopK, Params{Temperature: 1}},
		{"top_k -1", newTopK, Params{Temperature: 1, TopK: -1}},
		{"top_p 1", newTopP, Params{Temperature: 1, TopP: 1}},
		{"min_p 0", newMinP, Params{Temperature: 1}},
		{"repeat_penalty 1", newPenalties, Params{RepeatPenalty: 1, RepeatLastN: 64}},
		{"repeat_last_n 0", newPenalties, Params{RepeatPenalty: 2}},
		{"temperature 1", newTemperature, Params{Temperature: 1}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Nil(t, c.build(c.params, 100)) })
	}
}

func TestRepeatPenaltyWeakensEachRecentTokenOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		lastN int
		text  []int32
		want  []float32
	}{
		{"nothing said", 3, nil, []float32{4, -4, 2, 1}},
		{"positive and negative", 3, []int32{0, 1}, []float32{2, -8, 2, 1}},
		{"said twice", 3, []int32{0, 0, 0}, []float32{2, -4, 2, 1}},
		{"out of the window", 2, []int32{0, 1, 2}, []float32{4, -8, 1, 1}},
		{"the whole context", -1, []int32{0, 1, 2, 3}, []float32{2, -8, 1, 0.5}},
		{"a token of another vocabulary", 3, []int32{99, -1, 3}, []float32{4, -4, 2, 0.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newPenalties(Params{RepeatPenalty: 2, RepeatLastN: c.lastN}, 100)
			for _, id := range c.text {
				s.accept(id)
			}
			for range 2 { // a second token finds the same text
				logits := []float32{4, -4, 2, 1}
				cand := new(candidates)
				cand.reset(logits)
				s.apply(cand)
				require.Equal(t, c.want, logits)
			}
		})
	}
}

func TestTemperatureZeroPicksTheLikeliestOfLowestID(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name   string
		logits []float32
		want   int32
	}{
		{"plain", []float32{1, 3, 2}, 1},
		{"a tie", []float32{1, 3, 3}, 1},
		{"not a number", []float32{nan, 1, nan, 2}, 3},
		{"infinite", []float32{1, inf, inf}, 1},
		{"minus infinity", []float32{-inf, -1e30}, 1},
		{"no number", []float32{nan, -inf}, -1},
		{"nothing", nil, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Defaults()
			for _, temp := range []float32{0, -1} {
				p.Temperature = temp
				chain, err := New(p, 100)
				require.NoError(t, err)
				require.Equal(t, c.want, chain.Sample(slices.Clone(c.logits)))
			}
		})
	}
}

func TestBrokenLogitsNeverBreakAChain(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	values := []float32{nan, inf, -inf, 0, 1, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		p := Params{
			Temperature: values[3+r.IntN(6)], TopK: r.IntN(4), TopP: r.Float32(), MinP: r.Float32() * float32(r.IntN(2)),
			RepeatPenalty: r.Float32() * 2, RepeatLastN: r.IntN(5) - 1, Seed: r.Uint64(),
		}
		chain, err := New(p, 10)
		require.NoError(t, err)
		logits := make([]float32, r.IntN(6))
		for i := range logits {
			logits[i] = values[r.IntN(len(values))]
		}
		chain.Accept(int32(r.IntN(6)))
		original := slices.Clone(logits)
		id := chain.Sample(logits)
		require.Less(t, int(id), len(logits))
		if id >= 0 {
			require.True(t, original[id] > -inf || math.IsInf(float64(original[id]), 0), "%v of %v with %+v", id, original, p)
		}
	}
}

func TestDrawsFollowTheDistribution(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Params
		want []float64
	}{
		{"all", Params{Temperature: 1, TopP: 1}, []float64{0.5, 0.3, 0.15, 0.05}},
		{"top_k 2", Params{Temperature: 1, TopP: 1, TopK: 2}, []float64{0.625, 0.375, 0, 0}},
		{"top_p 0.75", Params{Temperature: 1, TopP: 0.75}, []float64{0.625, 0.375, 0, 0}},
		{"min_p 0.2", Params{Temperature: 1, TopP: 1, MinP: 0.2}, []float64{0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0}},
		{"temperature 0.5", Params{Temperature: 0.5, TopP: 1}, []float64{0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365}},
		{"filters come before temperature", Params{Temperature: 100, TopP: 0.75}, []float64{0.5, 0.5, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const draws = 40000
			c.p.Seed = 7
			chain, err := New(c.p, 100)
			require.NoError(t, err)
			count := make([]float64, len(c.want))
			for range draws {
				logits := make([]float32, 4)
				for i, p := range []float64{0.5, 0.3, 0.15, 0.05} {
					logits[i] = float32(math.Log(p))
				}
				count[chain.Sample(logits)]++
			}
			for i, w := range c.want {
				// Six standard deviations.
				require.InDelta(t, w, count[i]/draws, 0.002+6*math.Sqrt(w*(1-w)/draws), "token %d", i)
			}
		})
	}
}

func TestASeedFixesTheTokens(t *testing.T) {
	text := func(seed uint64) (ids []int32) {
		p := Defaults()
		p.Seed = seed
		chain, err := New(p, 100)
		require.NoError(t, err)
		for i := range 30 {
			id := chain.Sample(randomLogits(1000, uint64(i)))
			chain.Accept(id)
			ids = append(ids, id)
		}
		return ids
	}
	require.Equal(t, text(42), text(42))
	require.NotEqual(t, text(42), text(43))
}

// Whatever the sampler, a token takes one draw: the n-th token's draw depends
// on the seed and n alone.
func TestEveryTokenTakesOneDraw(t *testing.T) {
	for _, p := range []Params{{}, {Temperature: 1, TopP: 1}, Defaults()} {
		p.Seed = 3
		chain, err := New(p, 100)
		require.NoError(t, err)
		twin := rand.New(rand.NewPCG(3, stream))
		for range 5 {
			chain.Sample(randomLogits(100, 1))
			twin.Float64()
		}
		require.Equal(t, twin.Float64(), chain.random.Float64())
	}
}

func TestParametersOutOfRangeAreRefused(t *testing.T) {
	nan := float32(math.NaN())
	for _, p := range []Params{
		{Temperature: nan}, {Temperature: float32(math.Inf(1))}, {TopP: 1.5}, {TopP: -0.1}, {TopP: nan},
		{MinP: 2}, {MinP: nan}, {RepeatPenalty: -1}, {RepeatPenalty: nan}, {RepeatLastN: -2},
	} {
		_, err := New(p, 100)
		require.Error(t, err, "%+v", p)
	}
	require.NoError(t, Defaults().Validate())
}

func TestSamplingAllocatesNothing(t *testing.T) {
	p := Defaults()
	p.RepeatPenalty = 1.1
	for _, change := range []func(*Params){
		func(*Params) {},
		func(p *Params) { p.Temperature = 0 },
		func(p *Params) { p.TopK = 0 },
		func(p *Params) { p.TopK, p.TopP, p.MinP = 0, 1, 0 },
	} {
		q := p
		change(&q)
		chain, err := New(q, 100)
		require.NoError(t, err)
		logits := randomLogits(3000, 5)
		step := func() { chain.Accept(chain.Sample(logits)) }
		for range 100 { // the window fills
			step()
		}
		require.Zero(t, testing.AllocsPerRun(100, step))
	}
}

func randomLogits(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	logits := make([]float32, n)
	for i := range logits {
		logits[i] = float32(r.NormFloat64() * 4)
	}
	return logits
}

func BenchmarkSample(b *testing.B) {
	for _, c := range []struct {
		name   string
		change func(*Params)
	}{
		{"defaults", func(*Params) {}},
		{"greedy", func(p *Params) { p.Temperature = 0 }},
		{"top_p_alone", func(p *Params) { p.TopK = 0 }},
		{"all_off", func(p *Params) { p.TopK, p.TopP, p.MinP = 0, 1, 0 }},
	} {
		b.Run(c.name+"/262144", func(b *testing.B) {
			p := Defaults()
			c.change(&p)
			chain, err := New(p, 100)
			require.NoError(b, err)
			logits := randomLogits(262144, 6)
			for b.Loop() {
				chain.Sample(logits)
			}
		})
	}
}
