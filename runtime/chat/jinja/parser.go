package jinja

import "slices"

// parser builds a template's nodes from its tokens.
type parser struct {
	tokens  []token
	pos     int
	nesting int
	names   []string
	ids     map[string]int
	loops   int // loops around the current place, within the current function
	macros  []*special
	stores  int // assignments to a variable named loop so far
	unknown []unknown
	blocks  []string // names of the blocks so far
}

// special says which special variables a macro's body uses.
type special struct {
	caller, kwargs, varargs bool
	stored                  []string
}

// unknown is a filter or test that does not exist. Where it may never be used,
// directly inside an if or a conditional expression, it is an error only when
// it is; elsewhere the template is refused.
type unknown struct {
	line       int
	what, name string
}

// firm parses something in which an unknown filter or test is an error.
func (p *parser) firm(parse func()) {
	mark := len(p.unknown)
	parse()
	if len(p.unknown) > mark {
		u := p.unknown[mark]
		p.fail(u.line, "no %s named %q", u.what, u.name)
	}
}

func (p *parser) fail(line int, format string, args ...any) { failAt(line, format, args...) }

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) lookahead() token { return p.tokens[min(p.pos+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEOF {
		p.pos++
	}
	return t
}

// skip consumes the name or operator s if it comes next.
func (p *parser) skip(s string) bool {
	if p.peek().is(s) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(s string) token {
	t := p.peek()
	if !t.is(s) {
		p.fail(t.line, "expected %q, got %s", s, t.describe())
	}
	return p.next()
}

func (p *parser) expectKind(kind tokenKind) token {
	t := p.peek()
	if t.kind != kind {
		p.fail(t.line, "expected %s, got %s", token{kind: kind, text: "a name"}.describe(), t.describe())
	}
	return p.next()
}

func (p *parser) name() token { return p.expectKind(tokenName) }

// id numbers a variable.
func (p *parser) id(name string) int {
	id, ok := p.ids[name]
	if !ok {
		id = len(p.names)
		p.ids[name] = id
		p.names = append(p.names, name)
	}
	return id
}

// nest enters a bracket or block, and the returned function leaves it.
func (p *parser) nest() func() {
	p.nesting++
	if p.nesting > maxNesting {
		p.fail(p.peek().line, "brackets or blocks lie more than %d deep in each other", maxNesting)
	}
	return func() { p.nesting-- }
}

// body parses up to one of the tags in ends, or to the template's end where
// there are none; the tag's name is the next token.
func (p *parser) body(ends ...string) []stmt {
	defer p.nest()()
	var body []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokenEOF:
			if len(ends) > 0 {
				p.fail(t.line, "the template ends before {%% %s %%}", ends[0])
			}
			return body
		case tokenData:
			body = append(body, &textStmt{t.text})
		case tokenVariableBegin:
			e := p.tuple(tupleRules{condition: true})
			p.expectKind(tokenVariableEnd)
			body = append(body, &printStmt{t.line, e})
		case tokenBlockBegin:
			if tag := p.peek(); tag.kind == tokenName && slices.Contains(ends, tag.text) {
				return body
			}
			body = append(body, p.statement())
			p.expectKind(tokenBlockEnd)
		}
	}
}

// block parses the end of a tag, a body, and the name of the tag that ends it,
// which it returns.
func (p *parser) block(ends ...string) ([]stmt, string) {
	p.skip(":")
	p.expectKind(tokenBlockEnd)
	body := p.body(ends...)
	return body, p.next().text
}

// inner parses a block that has variables of its own.
func (p *parser) inner(ends ...string) (body []stmt, end string) {
	p.firm(func() { body, end = p.block(ends...) })
	return body, end
}

// function parses the body of a macro or what is like one.
func (p *parser) function(end string) ([]stmt, special) {
	loops := p.loops
	p.loops = 0
	sp := &special{}
	p.macros = append(p.macros, sp)
	body, _ := p.inner(end)
	p.macros = p.macros[:len(p.macros)-1]
	p.loops = loops
	return body, *sp
}

// statements by their tag.
func (p *parser) statement() stmt {
	t := p.name()
	switch t.text {
	case "if":
		return p.ifStatement()
	case "for":
		return p.forStatement(t.line)
	case "set":
		return p.setStatement(t.line)
	case "macro":
		return p.macroStatement(t.line)
	case "call":
		return p.callStatement(t.line)
	case "filter":
		var filter expr
		p.firm(func() { filter = p.filters(nil, true) })
		body, _ := p.inner("endfilter")
		return &filterStmt{t.line, filter, body}
	case "with":
		return p.withStatement()
	case "block":
		return p.blockStatement()
	case "print":
		return p.printStatement(t.line)
	case "generation":
		body, _ := p.function("endgeneration")
		return &scopeStmt{body}
	case "break", "continue":
		if p.loops == 0 {
			p.fail(t.line, "%s outside of a loop", t.text)
		}
		return &jumpStmt{map[string]jump{"break": jumpBreak, "continue": jumpContinue}[t.text]}
	case "include", "import", "from", "extends":
		p.fail(t.line, "%s: a chat template has no other templates", t.text)
	case "autoescape":
		return p.autoescape(t.line)
	}
	p.fail(t.line, "unknown tag %q", t.text)
	return nil
}

func (p *parser) ifStatement() stmt {
	mark := len(p.unknown)
	defer func() { p.unknown = p.unknown[:mark] }()
	s := &ifStmt{}
	for {
		line := p.peek().line
		test := p.tuple(tupleRules{})
		body, end := p.block("endif", "elif", "else")
		s.branches = append(s.branches, branch{line, test, body})
		switch end {
		case "elif":
			continue
		case "else":
			s.otherwise, _ = p.block("endif")
		}
		return s
	}
}

func (p *parser) forStatement(line int) stmt {
	s := &forStmt{line: line}
	stores := p.stores
	s.target = p.target(tupleRules{simple: true})
	p.expect("in")
	s.iter = p.tuple(tupleRules{})
	if p.skip("if") {
		p.firm(func() { s.test = p.expression(true) })
	}
	s.recursive = p.skip("recursive")
	p.loops++
	var end string
	s.body, end = p.inner("endfor", "else")
	p.loops--
	if end == "else" {
		s.otherwise, _ = p.inner("endfor")
	}
	if p.stores > stores {
		p.fail(line, "a loop assigns to the special variable loop")
	}
	s.loop = p.id("loop")
	return s
}

func (p *parser) setStatement(line int) stmt {
	target := p.target(tupleRules{simple: true, namespace: true})
	if p.skip("=") {
		return &setStmt{line, target, p.tuple(tupleRules{condition: true})}
	}
	var filter expr
	p.firm(func() { filter = p.filters(nil, false) })
	body, _ := p.inner("endset")
	return &setBlockStmt{line, target, filter, body}
}

func (p *parser) withStatement() stmt {
	s := &withStmt{}
	for p.peek().kind != tokenBlockEnd {
		if len(s.targets) > 0 {
			p.expect(",")
		}
		s.targets = append(s.targets, p.target(tupleRules{simple: true}))
		p.expect("=")
		s.values = append(s.values, p.expression(true))
	}
	s.body, _ = p.inner("endwith")
	return s
}

// autoescape parses the only choice that there is.
func (p *parser) autoescape(line int) stmt {
	if c, ok := p.expression(true).(*constExpr); !ok || c.value != false {
		p.fail(line, "autoescape: a chat template's text is not HTML")
	}
	body, _ := p.inner("endautoescape")
	return &scopeStmt{body}
}

// blockStatement parses a block, which stands for itself where nothing extends
// the template.
func (p *parser) blockStatement() stmt {
	name := p.name()
	s := &blockStmt{name: name.text}
	if slices.Contains(p.blocks, s.name) {
		p.fail(name.line, "block %q is defined twice", s.name)
	}
	p.blocks = append(p.blocks, s.name)
	s.scoped = p.skip("scoped")
	if t := p.peek(); p.skip("required") {
		p.fail(t.line, "block %q is required, and there is no other template to have it", s.name)
	}
	loops := p.loops
	p.loops = 0
	s.body, _ = p.inner("endblock")
	p.loops = loops
	p.skip(s.name)
	return s
}

func (p *parser) printStatement(line int) stmt {
	s := &printStmts{}
	for p.peek().kind != tokenBlockEnd {
		if len(s.list) > 0 {
			p.expect(",")
		}
		s.list = append(s.list, &printStmt{line, p.expression(true)})
	}
	return s
}

func (p *parser) macroStatement(line int) stmt {
	name := p.name()
	p.noteStore(name.text)
	m := &macroNode{line: line, name: name.text}
	p.signature(m)
	m.body, m.uses = p.function("endmacro")
	p.specials(m)
	return &macroStmt{p.id(name.text), m}
}

func (p *parser) callStatement(line int) stmt {
	m := &macroNode{line: line}
	if p.peek().is("(") {
		p.signature(m)
	}
	call, ok := p.expression(true).(*callExpr)
	if !ok {
		p.fail(line, "call: expected a call")
	}
	m.body, m.uses = p.function("endcall")
	p.specials(m)
	return &callStmt{line, call, m}
}

// signature parses the parameters of a macro.
func (p *parser) signature(m *macroNode) {
	p.expect("(")
	for !p.peek().is(")") {
		if len(m.params) > 0 {
			p.expect(",")
		}
		name := p.name()
		if isConstant(name.text) {
			p.fail(name.line, "%q cannot be a parameter", name.text)
		}
		for _, other := range m.params {
			if other.name == name.text {
				p.fail(name.line, "duplicate parameter %q", name.text)
			}
		}
		param := macroParam{id: p.id(name.text), name: name.text}
		if p.skip("=") {
			p.firm(func() { param.value = p.expression(true) })
		} else if n := len(m.params); n > 0 && m.params[n-1].value != nil {
			p.fail(name.line, "parameter %q without a default follows one with a default", name.text)
		}
		m.params = append(m.params, param)
	}
	p.expect(")")
}

// specials resolves what the special variables of a macro's body mean where
// parameters have their names.
func (p *parser) specials(m *macroNode) {
	for _, param := range m.params {
		switch param.name {
		case "caller":
			if m.uses.caller && param.value == nil {
				p.fail(m.line, "parameter caller has no default")
			}
			m.explicitCaller = true
		case "kwargs":
			m.uses.kwargs = false
		case "varargs":
			m.uses.varargs = false
		}
	}
	m.caller, m.kwargs, m.varargs = p.id("caller"), p.id("kwargs"), p.id("varargs")
}

// noteLoad and noteStore keep track of the special variables in macros.
func (p *parser) noteLoad(name string) {
	for _, m := range p.macros {
		if slices.Contains(m.stored, name) {
			continue
		}
		switch name {
		case "caller":
			m.caller = true
		case "kwargs":
			m.kwargs = true
		case "varargs":
			m.varargs = true
		}
	}
}

func (p *parser) noteStore(name string) {
	switch name {
	case "loop":
		p.stores++
	case "caller", "kwargs", "varargs":
		for _, m := range p.macros {
			m.stored = append(m.stored, name)
		}
	}
}

func isConstant(name string) bool {
	switch name {
	case "true", "false", "none", "True", "False", "None":
		return true
	}
	return false
}
