//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// endless returns a model that goes on until its context of a hundred thousand
// tokens is full: no token it chooses ends a text.
func endless(t *testing.T) string {
	file, err := loader.Open(tiny("llama"))
	require.NoError(t, err)
	defer file.Close()
	f := gguftest.From(t, file)
	f.Set("llama.context_length", uint32(100000))
	f.Remove("tokenizer.chat_template")
	texts, _, err := file.Meta.Strings("tokenizer.ggml.tokens")
	require.NoError(t, err)
	for _, end := range []string{"</s>", "<|im_end|>"} {
		texts[slices.Index(texts, end)] += " is text"
	}
	f.Set("tokenizer.ggml.tokens", texts)
	f.Set("tokenizer.ggml.eos_token_id", uint32(1))
	return f.Write(t, "endless.gguf")
}

func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

func TestASignalEndsTheAnswerWithALineBreak(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := process("prompt", "-m", endless(t), "--temp", "0", "Hello")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		r := bufio.NewReader(out)
		_, err = r.Peek(20) // it is answering
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(signal))
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		_ = cmd.Wait()
		require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), stderr.String())
		require.True(t, strings.HasSuffix(string(text), "\n"))
		require.Empty(t, stderr.String())
	}
}

func TestASignalEndsTheWaitForText(t *testing.T) {
	cmd := process("tokenize", "--batch", "-m", tiny("gpt2"))
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = io.WriteString(in, "\"Hi\"\n")
	require.NoError(t, err)
	_, err = io.ReadFull(out, make([]byte, 5)) // it waits once it has answered
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
}

func TestAReaderThatHasHadEnoughEndsTheCommandQuietly(t *testing.T) {
	cmd := process("prompt", "-m", endless(t), "--temp", "0", "Hello")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = io.ReadFull(out, make([]byte, 20))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.Error(t, cmd.Wait())
	require.Empty(t, stderr.String())
}

func TestExitStatuses(t *testing.T) {
	for status, args := range map[int][]string{
		0:         {"version"},
		exitError: {"inspect", "-m", filepath.Join(t.TempDir(), "missing")},
		exitUsage: {"inspect"},
	} {
		cmd := process(args...)
		_ = cmd.Run()
		require.Equal(t, status, cmd.ProcessState.ExitCode(), "%q", args)
	}
}

func TestJSONLinesComeAtOnceAndEndWithTheReason(t *testing.T) {
	cmd := process("prompt", "-m", endless(t), "--temp", "0", "--stream-json", "--logprobs", "1", "Hello")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	r := bufio.NewReader(out)
	first, err := r.ReadString('\n') // while it goes on
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	_ = cmd.Wait()
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), stderr.String())
	require.Empty(t, stderr.String())
	tokens, end := lines(t, first+string(rest))
	require.NotEmpty(t, tokens)
	require.Equal(t, "cancelled", end.Stop)
}
