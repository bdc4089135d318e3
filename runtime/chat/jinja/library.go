package jinja

// library is everything that templates can call. A rendering holds it, since
// some of it calls the rest.
type library struct {
	filters, tests, globals                             map[string]*function
	strings, lists, tuples, dicts, ints, floats, cycler map[string]*function
	loop                                                map[string]*function
}

var builtins = &library{
	filters: filters, tests: tests, globals: globals,
	strings: stringMethods, lists: listMethods, tuples: tupleMethods, dicts: dictMethods,
	ints: intMethods, floats: floatMethods, cycler: cyclerMethods, loop: loopMethods,
}

// methods returns the methods of a value's type; a nil one exists in Python,
// and the sandbox denies it.
func (l *library) methods(v any) map[string]*function {
	switch v.(type) {
	case string, markup:
		return l.strings
	case []any:
		return l.lists
	case tuple, group, *rangeValue:
		return l.tuples
	case *Dict:
		return l.dicts
	case int64, bool:
		return l.ints
	case float64:
		return l.floats
	case *cycler:
		return l.cycler
	case *loop:
		return l.loop
	}
	return nil
}
