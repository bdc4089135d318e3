package loader

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat reports a file that is no well-formed model file.
	ErrFormat = errors.New("invalid model file")

	// ErrMetadata reports a metadata key of the wrong type or out of range.
	ErrMetadata = errors.New("invalid metadata")

	// ErrFault reports that mapped memory could not be read: the file was
	// truncated, or its disk failed, after it was opened.
	ErrFault = errors.New("the model file can no longer be read; was it truncated?")
)

// defect is an error about what a file says. Its text is the description
// alone; kind is what errors.Is finds.
type defect struct {
	kind error
	text string
}

func (d *defect) Error() string { return d.text }
func (d *defect) Unwrap() error { return d.kind }

func formatError(format string, args ...any) error {
	return &defect{ErrFormat, fmt.Sprintf(format, args...)}
}

func metadataError(format string, args ...any) error {
	return &defect{ErrMetadata, fmt.Sprintf(format, args...)}
}
