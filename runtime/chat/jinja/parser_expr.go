package jinja

import (
	"math/big"
	"strconv"
	"strings"
)

// tupleRules say what a list of expressions separated by commas may hold.
type tupleRules struct {
	simple      bool // names and literals only
	namespace   bool // attributes of namespaces too, to assign to
	condition   bool // conditional expressions too
	parentheses bool // it stands in parentheses: it may be empty
}

func (p *parser) tuple(r tupleRules) expr {
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 {
			p.expect(",")
		}
		t := p.peek()
		if t.kind == tokenVariableEnd || t.kind == tokenBlockEnd || t.is(")") {
			break
		}
		if r.simple {
			items = append(items, p.primary(r.namespace))
		} else {
			items = append(items, p.expression(r.condition))
		}
		if !p.peek().is(",") {
			break
		}
		isTuple = true
	}
	if !isTuple {
		if len(items) > 0 {
			return items[0]
		}
		if !r.parentheses {
			p.fail(p.peek().line, "expected an expression, got %s", p.peek().describe())
		}
	}
	return &tupleExpr{items}
}

// target parses what can be assigned to.
func (p *parser) target(r tupleRules) target {
	line := p.peek().line
	mark := len(p.macros)
	loads := make([]special, mark)
	for i, m := range p.macros {
		loads[i] = *m
	}
	e := p.tuple(r)
	for i := range loads { // the names of a target are not loaded
		*p.macros[i] = loads[i]
	}
	return p.asTarget(e, line)
}

func (p *parser) asTarget(e expr, line int) target {
	switch e := e.(type) {
	case *nameExpr:
		p.noteStore(p.names[e.id])
		return &nameTarget{e.id}
	case *nsRefExpr:
		return &nsTarget{e.line, e.id, e.attr}
	case *tupleExpr:
		t := &tupleTarget{line: line}
		for _, item := range e.items {
			t.items = append(t.items, p.asTarget(item, line))
		}
		return t
	}
	p.fail(line, "cannot assign to this expression")
	return nil
}

func (p *parser) expression(condition bool) expr {
	defer p.nest()()
	if !condition {
		return p.or()
	}
	mark := len(p.unknown)
	value := p.or()
	for p.peek().is("if") {
		line := p.next().line
		test := p.or()
		var otherwise expr
		if p.skip("else") {
			otherwise = p.expression(true)
		}
		value = &condExpr{line, test, value, otherwise}
		p.unknown = p.unknown[:mark]
	}
	return value
}

func (p *parser) or() expr {
	left := p.and()
	for p.skip("or") {
		left = &orExpr{left, p.and()}
	}
	return left
}

func (p *parser) and() expr {
	left := p.not()
	for p.skip("and") {
		left = &andExpr{left, p.not()}
	}
	return left
}

func (p *parser) not() expr {
	if p.skip("not") {
		defer p.nest()()
		return &notExpr{p.not()}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	line := p.peek().line
	first := p.sum()
	var operands []operand
	for {
		t := p.peek()
		op := t.text
		switch {
		case t.is("==") || t.is("!=") || t.is("<") || t.is("<=") || t.is(">") || t.is(">=") || t.is("in"):
			p.next()
		case t.is("not") && p.lookahead().is("in"):
			p.next()
			p.next()
			op = "not in"
		default:
			if operands == nil {
				return first
			}
			return &compareExpr{line, first, operands}
		}
		operands = append(operands, operand{op, p.sum()})
	}
}

func (p *parser) sum() expr {
	left := p.concat()
	for p.peek().is("+") || p.peek().is("-") {
		t := p.next()
		left = &binaryExpr{t.line, t.text, left, p.concat()}
	}
	return left
}

func (p *parser) concat() expr {
	first := p.product()
	if !p.peek().is("~") {
		return first
	}
	e := &concatExpr{p.peek().line, []expr{first}}
	for p.skip("~") {
		e.items = append(e.items, p.product())
	}
	return e
}

func (p *parser) product() expr {
	left := p.power()
	for p.peek().is("*") || p.peek().is("/") || p.peek().is("//") || p.peek().is("%") {
		t := p.next()
		left = &binaryExpr{t.line, t.text, left, p.power()}
	}
	return left
}

func (p *parser) power() expr {
	left := p.unary(true)
	for p.peek().is("**") {
		t := p.next()
		left = &binaryExpr{t.line, t.text, left, p.unary(true)}
	}
	return left
}

func (p *parser) unary(filters bool) expr {
	defer p.nest()()
	var e expr
	if t := p.peek(); t.is("-") || t.is("+") {
		p.next()
		e = &signExpr{t.line, t.text == "-", p.unary(false)}
	} else {
		e = p.primary(false)
	}
	e = p.postfix(e)
	if filters {
		e = p.filterExpr(e)
	}
	return e
}

func (p *parser) primary(namespace bool) expr {
	t := p.next()
	switch {
	case t.kind == tokenName:
		switch t.text {
		case "true", "True":
			return &constExpr{true}
		case "false", "False":
			return &constExpr{false}
		case "none", "None":
			return &constExpr{nil}
		}
		if namespace && p.skip(".") {
			return &nsRefExpr{t.line, p.id(t.text), p.name().text}
		}
		p.noteLoad(t.text)
		return &nameExpr{p.id(t.text)}
	case t.kind == tokenString:
		text := t.text
		if p.peek().kind == tokenString {
			parts := []string{text}
			for p.peek().kind == tokenString {
				parts = append(parts, p.next().text)
			}
			text = strings.Join(parts, "")
		}
		return &constExpr{text}
	case t.kind == tokenInteger:
		return &constExpr{p.integer(t)}
	case t.kind == tokenFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil && f == 0 {
			p.fail(t.line, "wrong number %q", t.text)
		}
		return &constExpr{f}
	case t.is("("):
		defer p.nest()()
		e := p.tuple(tupleRules{condition: true, parentheses: true})
		p.expect(")")
		return e
	case t.is("["):
		return p.list()
	case t.is("{"):
		return p.dict()
	}
	p.fail(t.line, "unexpected %s", t.describe())
	return nil
}

func (p *parser) integer(t token) any {
	if len(t.text) > maxDigits {
		p.fail(t.line, "a number of %d digits: %d at most", len(t.text), maxDigits)
	}
	n, ok := new(big.Int).SetString(strings.ToLower(t.text), 0)
	if !ok { // a decimal zero of several digits
		n = new(big.Int)
	}
	return normal(n)
}

func (p *parser) list() expr {
	defer p.nest()()
	e := &listExpr{}
	for !p.peek().is("]") {
		if len(e.items) > 0 {
			p.expect(",")
			if p.peek().is("]") {
				break
			}
		}
		e.items = append(e.items, p.expression(true))
	}
	p.expect("]")
	return e
}

func (p *parser) dict() expr {
	defer p.nest()()
	e := &dictExpr{line: p.peek().line}
	for !p.peek().is("}") {
		if len(e.keys) > 0 {
			p.expect(",")
			if p.peek().is("}") {
				break
			}
		}
		e.keys = append(e.keys, p.expression(true))
		p.expect(":")
		e.values = append(e.values, p.expression(true))
	}
	p.expect("}")
	return e
}
