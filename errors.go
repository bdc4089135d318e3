package gptrun

import (
	"errors"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/token"
)

// Errors to test for with [errors.Is]. Their messages name what is wrong and where.
var (
	// ErrFormat reports a file that is not a well-formed model file.
	ErrFormat = loader.ErrFormat
	// ErrMetadata reports a metadata key of the wrong type or an impossible value.
	ErrMetadata = loader.ErrMetadata
	// ErrModel reports a file that holds no model gptrun can run.
	ErrModel = runtime.ErrModel
	// ErrTokenizer reports a tokenizer that gptrun does not know.
	ErrTokenizer = token.ErrUnsupported
	// ErrVocabulary reports a vocabulary that contradicts itself.
	ErrVocabulary = token.ErrInvalid
	// ErrFault reports a model file that can no longer be read: it was
	// truncated, or its disk failed. The model stays failed.
	ErrFault = loader.ErrFault
	// ErrContext reports tokens past the end of the context.
	ErrContext = runtime.ErrContext
	// ErrToken reports a token id outside the vocabulary.
	ErrToken = runtime.ErrToken
	// ErrClosed reports the use of a closed model or session.
	ErrClosed = runtime.ErrClosed
	// ErrBusy reports the use of a session within its own iteration, or by two
	// goroutines at once.
	ErrBusy = errors.New("the session is in use")
	// ErrEmpty reports that there is no token to evaluate.
	ErrEmpty = errors.New("there is nothing to continue: no text, and the model begins with no token of its own")
	// ErrNoChatTemplate reports a model file without a chat template: mostly of a
	// base model, which continues texts and holds no conversations.
	ErrNoChatTemplate = chat.ErrNoTemplate
	// ErrChatTemplate reports a chat template that is malformed or refuses the
	// messages; the error has what the template says.
	ErrChatTemplate = chat.ErrTemplate
	// ErrMessage reports JSON that is no message of a conversation.
	ErrMessage = chat.ErrMessage
	// ErrLogits reports a model that gives no probability to any token.
	ErrLogits = errors.New("the model's logits are not numbers")
)
