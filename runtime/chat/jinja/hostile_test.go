package jinja

import (
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a template may take, whatever it does.
const (
	hostileTime   = time.Second
	hostileMemory = 100 << 20
)

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// hostile are templates that want too much; each must end in an error.
var hostile = map[string]string{
	"a range of a billion":            "{% for x in range(10**9) %}{% endfor %}",
	"a range of huge numbers":         "{{ range(10**40, 10**41) }}",
	"nested loops":                    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
	"loops that write":                "{% for a in range(100000) %}{% for b in range(100000) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
	"loops that set":                  "{% for a in range(100000) %}{% for b in range(100000) %}{% set x = [a, b] %}{% endfor %}{% endfor %}",
	"lists of characters":             "{% set s = 'a' * 1000000 %}{% for a in range(100000) %}{% set x = s|list %}{% endfor %}",
	"a list that doubles":             "{% set ns = namespace(x=[1]) %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
	"a list that is multiplied":       "{{ [1] * 10**9 }}",
	"a tuple that is multiplied":      "{{ (1, 2) * 10**9 }}",
	"a list of lists":                 "{% set ns = namespace(x=[]) %}{% for a in range(100000) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
	"dicts that grow":                 "{% set ns = namespace(x={}) %}{% for a in range(100000) %}{% set ns.x = dict(ns.x, **{a|string: a}) %}{% endfor %}",
	"a macro that calls itself":       "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
	"macros that call each other":     "{% macro a(x) %}{{ b([x]) }}{% endmacro %}{% macro b(x) %}{{ a([x]) }}{% endmacro %}{{ a(1) }}",
	"a macro that branches":           "{% macro m(n) %}{{ m(n + 1) if n < 60 }}{{ m(n + 1) if n < 60 }}{% endmacro %}{{ m(0) }}",
	"a call block in itself":          "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
	"a recursive loop":                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"parentheses":                     "{{ " + repeat("(", 50000) + "1" + repeat(")", 50000) + " }}",
	"brackets":                        "{{ " + repeat("[", 50000) + repeat("]", 50000) + " }}",
	"braces":                          "{{ " + repeat("{1:", 30000) + "1" + repeat("}", 30000) + " }}",
	"parentheses without end":         "{{ " + repeat("(", 100000),
	"subscripts in subscripts":        "{{ x" + repeat("[x", 30000) + repeat("]", 30000) + " }}",
	"calls in calls":                  "{{ x" + repeat("(x", 30000) + repeat(")", 30000) + " }}",
	"minus signs":                     "{{ " + repeat("-", 100000) + "1 }}",
	"nots":                            "{{ " + repeat("not ", 50000) + "1 }}",
	"ifs in ifs":                      repeat("{% if 1 %}", 20000),
	"conditional expressions":         "{{ " + repeat("1 if 1 else ", 15000) + "1 }}",
	"a long sum":                      "{{ 1" + repeat(" + 1", 60000) + " }}",
	"a long chain of attributes":      "{{ user" + repeat(".x", 60000) + " }}",
	"a long chain of filters":         "{{ 'a'" + repeat("|upper", 30000) + " }}",
	"a long chain of or":              "{{ 0" + repeat(" or 0", 40000) + " }}",
	"too long a template":             repeat("x", 1<<20),
	"a string that doubles":           "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
	"a string that doubles by +":      "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
	"a string that doubles by join":   "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s]|join %}{% endfor %}",
	"a string that doubles by format": "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = '%s%s' % (ns.s, ns.s) %}{% endfor %}",
	"a string that doubles by set":    "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}{% endfor %}",
	"a string times a huge number":    "{{ 'a' * 10**12 }}",
	"a string times a billion":        "{{ 'a' * 1000000000 }}",
	"a long number":                   "{{ 9" + repeat("9", 5000) + " }}",
	"a power":                         "{{ 10 ** 10000000 }}",
	"a power of powers":               "{{ 9 ** 9 ** 9 ** 9 ** 9 ** 9 }}",
	"a number that squares":           "{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
	"printed powers":                  "{% for i in range(100000) %}{{ 9 ** 4500 }}{% endfor %}",
	"products of large numbers":       "{% set n = 9 ** 2300 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = n * n // n %}{% endfor %}{% endfor %}",
	"float remainders":                "{% for i in range(100000) %}{% for j in range(100) %}{% set x = 1e308 % 1e-308 %}{% endfor %}{% endfor %}",
	"comparisons of large numbers":    "{% set n = 9 ** 4000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = n < 1e300 or n == 1e-300 %}{% endfor %}{% endfor %}",
	"divisions of large numbers":      "{% set n = 9 ** 4000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = n / (n - 1) %}{% endfor %}{% endfor %}",
	"float powers":                    "{% for i in range(100000) %}{% for j in range(100) %}{% set x = 1.0000001 ** 2047 %}{% endfor %}{% endfor %}",
	"rounding":                        "{% for i in range(100000) %}{% for j in range(100) %}{% set x = 1.5e300|round(-299) ~ 1.5e300|round(300) %}{% endfor %}{% endfor %}",
	"a width in %":                    "{{ '%1000000000d' % 1 }}",
	"a width for text in %":           "{{ '%1000000000s' % 'x' }}",
	"a precision in %":                "{{ '%.1000000000f' % 1.5 }}",
	"a precision for integers in %":   "{{ '%.1000000000d' % 1 }}",
	"a width by star":                 "{{ '%*d' % (1000000000, 1) }}",
	"a width in format":               "{{ '{:1000000000}'.format(1) }}",
	"a width with groups":             "{{ '{:01000000000,}'.format(1) }}",
	"a precision in format":           "{{ '{:.1000000000f}'.format(1.5) }}",
	"a width in a width":              "{{ '{:{}}'.format(1, 1000000000) }}",
	"a huge width":                    "{{ '{:99999999999999999999}'.format(1) }}",
	"indent":                          "{{ 'a\nb'|indent(1000000000) }}",
	"indent of many lines":            "{{ ('a\n' * 100000)|indent('x' * 100000) }}",
	"center":                          "{{ 'a'|center(1000000000) }}",
	"ljust":                           "{{ 'a'.ljust(1000000000) }}",
	"zfill":                           "{{ 'a'.zfill(1000000000) }}",
	"expandtabs":                      "{{ '\t\t'.expandtabs(1000000000) }}",
	"batch":                           "{{ [1]|batch(1000000000, 'x')|list }}",
	"slice":                           "{{ [1]|slice(1000000000)|list }}",
	"replace of nothing":              "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
	"the filter replace":              "{{ ('a' * 1000000)|replace('a', 'b' * 1000000) }}",
	"join with a long separator":      "{{ range(100000)|join('x' * 1000000) }}",
	"escape":                          "{% set s = '&' * 5000000 %}{% for i in range(100) %}{% set x = s|e %}{% endfor %}",
	"upper of a long text":            "{% set s = 'é' * 1000000 %}{% for i in range(100000) %}{% set x = s.upper() %}{% endfor %}",
	"length of a long text":           "{% set s = 'é' * 1000000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = s|length %}{% endfor %}{% endfor %}",
	"characters of a long text":       "{% set s = 'é' * 1000000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = s[-1] %}{% endfor %}{% endfor %}",
	"search in a long text":           "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = 'ab' in s %}{% endfor %}{% endfor %}",
	"comparison of long texts":        "{% set s = 'a' * 1000000 %}{% set t = s ~ '' %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = s == t %}{% endfor %}{% endfor %}",
	"split of a long text":            "{% set s = 'a ' * 500000 %}{% for i in range(100000) %}{% set x = s.split() %}{% endfor %}",
	"strip of a long text":            "{% set s = ' ' * 1000000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = s.strip() %}{% endfor %}{% endfor %}",
	"trim of a long text":             "{% set s = ' ' * 1000000 %}{% for i in range(100000) %}{% for j in range(100) %}{% set x = s|trim %}{% endfor %}{% endfor %}",
	"sort":                            "{% for i in range(100000) %}{% set x = range(100000)|sort(reverse=true) %}{% endfor %}",
	"unique":                          "{% for i in range(100000) %}{% set x = range(100000)|unique|list %}{% endfor %}",
	"map of map":                      "{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = ns.x|map('string') %}{% endfor %}{{ ns.x|list }}",
	"JSON of what branches":           "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
	"JSON with a huge indent":         "{{ [1]|tojson(indent=1000000000) }}",
	"JSON with a deep indent":         "{% set ns = namespace(x=1) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{% for i in range(1000) %}{{ ns.x|tojson(indent=1000) }}{% endfor %}",
	"text of what branches":           "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
	"equality of what branches":       "{% set a = namespace(x=[1]) %}{% set b = namespace(x=[1]) %}{% for i in range(60) %}{% set a.x = [a.x, a.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ a.x == b.x }}",
	"order of what branches":          "{% set a = namespace(x=[1]) %}{% set b = namespace(x=[1]) %}{% for i in range(60) %}{% set a.x = [a.x, a.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ a.x < b.x }}",
	"keys that branch":                "{% set a = namespace(x=(1,)) %}{% for i in range(60) %}{% set a.x = (a.x, a.x) %}{% endfor %}{{ {a.x: 1} }}",
	"a namespace in itself":           "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
	"namespaces in each other":        "{% set a = namespace() %}{% set b = namespace(a=[a]) %}{% set a.b = {'b': b} %}{{ a }}",
	"JSON of a namespace in itself":   "{% set ns = namespace() %}{% set ns.a = ns %}{{ [ns]|tojson }}",
	"attributes of Python":            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
	"globals of Python":               "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
	"attributes by filters":           "{{ (''|attr('__class__'))|attr('__mro__') ~ ''.__class__.x }}",
	"attributes by map":               "{{ ['']|map(attribute='__class__.__mro__')|list }}",
	"attributes by format":            "{{ '{0.__class__.__mro__}'.format('') }}",
	"a path of a thousand parts":      "{{ [{}]|map(attribute='x.' * 100000)|list }}",
	"sort by a thousand attributes":   "{{ range(1000)|sort(attribute='x,' * 100000) }}",
	"strftime":                        "{{ strftime_now('%c' * 10000000) }}",
	"format fields":                   "{% set s = '{}' * 100000 %}{{ s.format(*range(100000)) }}{% for i in range(100000) %}{% set x = s.format(*range(100000)) %}{% endfor %}",
	"long messages":                   "{{ raise_exception('x' * 1000000) }}",
	"a message of many lines":         "{{ raise_exception('\x1b[2J\n' * 1000) }}",
	"a long name":                     "{{ nothing_" + repeat("x", 10000) + ".y }}",
	"a float of many digits":          "{{ (('9' * 1000000)|float) ~ nothing.x }}",
	"an integer of many digits":       "{{ (('9' * 1000000)|int) ~ nothing.x }}",
	"macros with many arguments":      "{% macro m() %}{{ varargs|length }}{% endmacro %}{% for i in range(100000) %}{{ m(*range(100000)) }}{% endfor %}",
	"striptags":                       "{{ ('<' * 1000000)|striptags }}{% for i in range(100000) %}{% set x = ('<a' * 100000)|striptags %}{% endfor %}",
	"title":                           "{% set s = 'Σ' * 100000 %}{% for i in range(100000) %}{% set x = s.title() ~ s.lower() %}{% endfor %}",
	"final sigmas":                    "{% set s = ('Σ' ~ '.' * 1000) * 1000 %}{% for i in range(100000) %}{% set x = s.lower() %}{% endfor %}",
	"urlencode":                       "{% set s = 'é' * 1000000 %}{% for i in range(100000) %}{% set x = s|urlencode %}{% endfor %}",
}

func TestHostileTemplatesEndInOneLine(t *testing.T) {
	vars, _ := cases(t)
	for name, source := range hostile {
		t.Run(name, func(t *testing.T) {
			var err error
			took, memory := measure(func() { _, err = render(source, vars) })
			require.Error(t, err)
			var e *Error
			var raised *RaisedError
			require.True(t, errors.As(err, &e) || errors.As(err, &raised), "%T", err)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "\x1b")
			require.Less(t, len(err.Error()), 2500)
			require.Less(t, took, hostileTime)
			require.Less(t, memory, int64(hostileMemory), "bytes")
			t.Logf("%v, %d KB: %v", took.Round(time.Millisecond), memory>>10, err)
		})
	}
}

// measure returns how long f takes and how much more memory the process had
// from the system meanwhile.
func measure(f func()) (took time.Duration, memory int64) {
	debug.FreeOSMemory()
	base := held()
	stop, done := make(chan bool), make(chan int64)
	go func() {
		peak := int64(0)
		for {
			peak = max(peak, held())
			select {
			case <-stop:
				done <- max(peak, held())
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	start := time.Now()
	f()
	took = time.Since(start)
	close(stop)
	return took, <-done - base
}

// held is the memory that the process has from the system.
func held() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// What is denied is denied; nothing of it leaks into the text.
func TestNothingButTheGivenValuesCanBeReached(t *testing.T) {
	for _, source := range []string{
		"{{ ''.__class__ }}", "{{ [].append }}", "{{ {}.update }}", "{{ ''|attr('__class__') }}", "{{ range.__globals__ }}",
		"{{ raise_exception.__code__ }}", "{{ namespace.__init__ }}", "{{ {}['__class__'] }}", "{{ _context }}", "{{ __import__ }}",
	} {
		text, err := render(source, nil)
		require.NoError(t, err, source)
		require.Empty(t, text, source)
	}
}

func TestGivenValuesOfOtherTypesAreRefused(t *testing.T) {
	for _, v := range []any{1, int32(1), []string{"a"}, map[string]any{}, struct{}{}, func() {}, tuple{}} {
		vars := NewDict()
		vars.Set("x", []any{v})
		_, err := render("{{ x }}", vars)
		require.ErrorContains(t, err, fmt.Sprintf("%T", v))
	}
	vars := NewDict()
	var deep any = "x"
	for range 100000 {
		deep = []any{deep}
	}
	vars.Set("x", deep)
	_, err := render("{{ x }}", vars)
	require.ErrorContains(t, err, "deep")
}
