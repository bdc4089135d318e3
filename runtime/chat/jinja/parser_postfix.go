package jinja

func (p *parser) postfix(e expr) expr {
	for {
		t := p.peek()
		switch {
		case t.is("."):
			p.next()
			switch name := p.next(); name.kind {
			case tokenName:
				e = &attrExpr{t.line, e, name.text}
			case tokenInteger:
				e = &itemExpr{t.line, e, &constExpr{p.integer(name)}}
			default:
				p.fail(name.line, "expected a name or number after the dot, got %s", name.describe())
			}
		case t.is("["):
			e = p.subscript(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

func (p *parser) subscript(e expr) expr {
	defer p.nest()()
	line := p.expect("[").line
	var items []expr
	for !p.peek().is("]") {
		if len(items) > 0 {
			p.expect(",")
		}
		items = append(items, p.subscriptItem())
	}
	p.expect("]")
	if len(items) == 1 {
		return &itemExpr{line, e, items[0]}
	}
	return &itemExpr{line, e, &tupleExpr{items}}
}

// subscriptItem parses an index or a slice.
func (p *parser) subscriptItem() expr {
	var s sliceExpr
	if !p.peek().is(":") {
		e := p.expression(true)
		if !p.peek().is(":") {
			return e
		}
		s.start = e
	}
	p.expect(":")
	atEnd := func() bool { return p.peek().is(":") || p.peek().is("]") || p.peek().is(",") }
	if !atEnd() {
		s.stop = p.expression(true)
	}
	if p.skip(":") && !atEnd() {
		s.step = p.expression(true)
	}
	return &s
}

// filterExpr parses filters and tests behind an expression.
func (p *parser) filterExpr(e expr) expr {
	for {
		t := p.peek()
		switch {
		case t.is("|"):
			e = p.filters(e, false)
		case t.is("is"):
			e = p.test(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

func (p *parser) call(e expr) expr {
	line := p.peek().line
	return &callExpr{line, e, p.arguments()}
}

// filters parses one filter after another; with inline, the first has no bar.
func (p *parser) filters(e expr, inline bool) expr {
	for inline || p.skip("|") {
		inline = false
		line := p.peek().line
		name := p.dotted()
		f, known := filters[name]
		if !known {
			p.unknown = append(p.unknown, unknown{line, "filter", name})
		}
		var args arguments
		if p.peek().is("(") {
			args = p.arguments()
		}
		e = &filterExpr{line, name, f, e, args}
	}
	return e
}

// dotted parses the name of a filter or test, which may have dots.
func (p *parser) dotted() string {
	name := p.name().text
	for p.skip(".") {
		name += "." + p.name().text
	}
	return name
}

func (p *parser) test(e expr) expr {
	line := p.expect("is").line
	negated := p.skip("not")
	name := p.dotted()
	f, known := tests[name]
	if !known {
		p.unknown = append(p.unknown, unknown{line, "test", name})
	}
	var args arguments
	t := p.peek()
	switch {
	case t.is("("):
		args = p.arguments()
	case t.is("else"), t.is("or"), t.is("and"):
	case t.is("is"):
		p.fail(t.line, "tests cannot be chained with is")
	case t.kind == tokenName, t.kind == tokenString, t.kind == tokenInteger, t.kind == tokenFloat, t.is("["), t.is("{"):
		args.positional = []expr{p.postfix(p.primary(false))}
	}
	e = &testExpr{line, name, f, e, args}
	if negated {
		return &notExpr{e}
	}
	return e
}

// arguments parses what a call is given.
func (p *parser) arguments() arguments {
	defer p.nest()()
	line := p.expect("(").line
	var a arguments
	check := func(ok bool) {
		if !ok {
			p.fail(line, "wrong order of the arguments of a call")
		}
	}
	for first := true; !p.peek().is(")"); first = false {
		if !first {
			p.expect(",")
			if p.peek().is(")") {
				break
			}
		}
		t := p.peek()
		switch {
		case p.skip("*"):
			check(a.list == nil && a.dict == nil)
			a.list = p.expression(true)
		case p.skip("**"):
			check(a.dict == nil)
			a.dict = p.expression(true)
		case t.kind == tokenName && p.lookahead().is("="):
			check(a.dict == nil)
			p.next()
			p.next()
			for _, k := range a.keywords {
				if k.name == t.text {
					p.fail(t.line, "argument %q is given twice", t.text)
				}
			}
			a.keywords = append(a.keywords, keyword{t.text, p.expression(true)})
		default:
			check(a.list == nil && a.dict == nil && a.keywords == nil)
			a.positional = append(a.positional, p.expression(true))
		}
	}
	p.expect(")")
	return a
}
