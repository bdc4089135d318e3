package jinja

// What a template may use. Rendering a real one takes thousands of steps and
// a few times the size of its text.
const (
	maxSource   = 256 << 10 // bytes of a template; the longest known has 17 KB
	maxNesting  = 100       // brackets and blocks within each other; Python's jinja2 fails at about 80
	maxDepth    = 4000      // evaluations within each other, through macros and values
	maxSteps    = 4 << 20   // evaluated nodes; long texts and lists count by length
	maxMemory   = 24 << 20  // bytes of all values made, whether still in use or not
	maxOutput   = 8 << 20   // bytes of the text
	maxRange    = 100000    // items of a range, as in Python's sandbox
	maxDigits   = 4300      // of a number to be printed or read, as in Python
	maxBits     = 15000     // of a number, a little more than that
	maxValues   = 200       // lists and dicts within each other, in what is given
	bytesAStep  = 16        // of text that count as one step
	listElement = 32        // bytes of an element of a list, its boxed value included
)

// budget counts down what is left.
type budget struct {
	steps, memory, output, depth int
}

// newBudget allows more for larger inputs: a long conversation makes long text,
// and templates put text together piece by piece.
func newBudget(input int) budget {
	return budget{
		steps:  maxSteps + 4*input,
		memory: maxMemory + 16*input,
		output: maxOutput + 8*input,
	}
}

// work counts steps.
func (st *state) work(n int) {
	st.left.steps -= n
	if st.left.steps < 0 {
		st.fail("the template takes too long: more than %d steps", maxSteps)
	}
}

// scan counts the steps of looking through n bytes.
func (st *state) scan(n int) { st.work(n/bytesAStep + 1) }

// alloc counts memory before it is used.
func (st *state) alloc(n int) {
	if n < 0 || n > st.left.memory {
		st.fail("the template's values take more than %d bytes", maxMemory)
	}
	st.left.memory -= n
	st.scan(n)
}

// elements counts a list of n elements before it is made.
func (st *state) elements(n int) {
	if n > st.left.memory/listElement {
		n = -1
	}
	st.alloc(n * listElement)
}

// repeated counts n copies of size bytes.
func (st *state) repeated(size, n int) {
	if n <= 0 || size == 0 {
		return
	}
	if n > st.left.memory/size {
		st.alloc(-1)
	}
	st.alloc(n * size)
}

// deeper enters an evaluation within another, and shallower leaves it. A stack
// that grows without bound is not an error that Go could recover from.
func (st *state) deeper() {
	st.left.depth++
	if st.left.depth > maxDepth {
		st.fail("the template goes too deep: recursion without end?")
	}
}

func (st *state) shallower() { st.left.depth-- }
