package token

// attr is what a token is. It can be several things: a control token by its
// text may be a normal one by its type.
type attr uint8

const (
	normal attr = 1 << iota
	unknown
	control
	userDefined
	byteToken
	endOfGeneration
)

// endTexts are the texts of tokens that end a generation.
var endTexts = []string{
	"<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
	"<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
	"<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
	"<｜end▁of▁sentence｜>", "[e~[",
}

// shownTexts are the texts of tokens that frame a message and are always shown.
var shownTexts = []string{"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"}

// fimTexts are the texts of the tokens for filling in the middle, where the
// file does not name them.
var fimTexts = struct{ prefix, suffix, middle, pad, repo, separator []string }{
	prefix:    []string{"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>"},
	suffix:    []string{"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>"},
	middle:    []string{"<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>"},
	pad:       []string{"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"},
	repo:      []string{"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"},
	separator: []string{"<|file_sep|>"},
}

// attributes says what each token is: by its type, by the ids that the file
// names, and by texts, since files leave out ids and mark control tokens as
// normal ones. The rules are llama.cpp's.
func (c *Config) attributes(index *textIndex) []attr {
	attrs := c.attributesByType()
	find := func(texts ...string) ID {
		for _, text := range texts {
			if id := index.find(text); id >= 0 {
				return id
			}
		}
		return None
	}
	mark := func(id ID, a attr) {
		if id != None {
			attrs[id] |= a
		}
	}
	fim := func(named ID, a attr, texts []string) {
		if named == None {
			named = find(texts...)
			mark(named, control)
		}
		mark(named, a)
	}
	fim(c.FIMPrefix, 0, fimTexts.prefix)
	fim(c.FIMSuffix, 0, fimTexts.suffix)
	fim(c.FIMMiddle, 0, fimTexts.middle)
	fim(c.FIMPad, endOfGeneration, fimTexts.pad)
	fim(c.FIMRepo, endOfGeneration, fimTexts.repo)
	fim(c.FIMSeparator, endOfGeneration, fimTexts.separator)
	for _, text := range endTexts {
		mark(find(text), control|endOfGeneration)
	}
	for _, text := range shownTexts {
		if id := find(text); id != None {
			attrs[id] = attrs[id]&endOfGeneration | userDefined
		}
	}
	mark(c.EOS, endOfGeneration)
	mark(c.EOT, endOfGeneration)
	mark(c.EOM, endOfGeneration)

	ends := func(text string) bool { id := find(text); return id != None && attrs[id]&endOfGeneration != 0 }
	// Beside these, <|end|> ends a part of an answer, not the answer.
	calls := ends("<|call|>") || ends("<|calls|>")
	if calls && (ends("<|return|>") || ends("<|flush|>")) && ends("<|end|>") {
		attrs[find("<|end|>")] = userDefined
	}
	// Beside these, </s> is text like any other.
	if (ends("<|tool_response>") || ends("<|plamo:eos|>")) && ends("</s>") {
		attrs[find("</s>")] = normal
	}
	return attrs
}

func (c *Config) attributesByType() []attr {
	attrs := make([]attr, len(c.Tokens))
	for i := range attrs {
		typ := int32(TypeNormal)
		if c.Types != nil {
			typ = c.Types[i]
		}
		switch typ {
		case TypeNormal:
			attrs[i] = normal
		case TypeUnknown:
			attrs[i] = unknown
		case TypeControl:
			attrs[i] = control
		case TypeUserDefined:
			attrs[i] = userDefined
		case TypeByte:
			attrs[i] = byteToken
		}
	}
	return attrs
}
