package sample

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAStopStringEndsTheText(t *testing.T) {
	for _, c := range []struct {
		name    string
		stops   []string
		pieces  []string
		want    string
		stopped bool
	}{
		{"none", nil, []string{"a", "b"}, "ab", false},
		{"empty strings stop nothing", []string{""}, []string{"a", "b"}, "ab", false},
		{"inside a piece", []string{"b"}, []string{"abc"}, "a", true},
		{"over three pieces", []string{"User:"}, []string{"hi\nUs", "er", ": x"}, "hi\n", true},
		{"a beginning that goes on otherwise", []string{"User:"}, []string{"hi\nUs", "ual"}, "hi\nUsual", false},
		{"a beginning within a beginning", []string{"aab"}, []string{"a", "a", "a", "b"}, "a", true},
		{"a beginning at the end of the text", []string{"\n\n"}, []string{"x\n"}, "x\n", false},
		{"the first of several", []string{"cd", "b"}, []string{"abcd"}, "a", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewStopper(c.stops)
			got, stopped := run(s, c.pieces)
			require.Equal(t, c.want, got)
			require.Equal(t, c.stopped, stopped)
		})
	}
}

func run(s *Stopper, pieces []string) (string, bool) {
	var b strings.Builder
	for _, p := range pieces {
		text, stopped := s.Next(p)
		b.WriteString(text)
		if stopped {
			return b.String(), true
		}
	}
	b.WriteString(s.Flush())
	return b.String(), false
}

func TestStoppingDoesNotDependOnHowTheTextIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stop := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 1, 4, -1).Draw(t, "stop")
		pieces := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 4, -1), 0, 8).Draw(t, "pieces")
		want, _, found := strings.Cut(strings.Join(pieces, ""), stop)
		got, stopped := run(NewStopper([]string{stop}), pieces)
		require.Equal(t, want, got)
		require.Equal(t, found, stopped)
	})
}

func TestOnlyBeginningsOfStopStringsAreHeldBack(t *testing.T) {
	s := NewStopper([]string{"\n\nUser"})
	text, _ := s.Next("plain text\n")
	require.Equal(t, "plain text", text)
	require.True(t, s.Holding())
	text, _ = s.Next("more")
	require.Equal(t, "\nmore", text)
	require.False(t, s.Holding())
}
