package access

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	helpers "github.com/docker/docker-credential-helpers/credentials"

	"mvrun/engine/registry/wire"
)

// A credential helper is a program that somebody else wrote. So its time and its output
// are bounded.
const (
	helperTime = time.Minute
	// maxHelperOutput is how many bytes a helper may print.
	maxHelperOutput = 1 << 20
	// maxHelperWords is how many bytes of its standard error are kept for a message.
	maxHelperWords = 4 << 10
)

// tokenUser is the name with which a helper returns an identity token.
// https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
const tokenUser = "<token>"

// helperPrefix is how the name of every credential helper begins.
const helperPrefix = "docker-credential-"

// askHelper returns the login that a credential helper has for a key. It is empty if the
// helper has none.
func askHelper(ctx context.Context, helper, key string) (types.AuthConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	program := &helperProgram{ctx: ctx, name: helperPrefix + helper}
	found, err := client.Get(func(args ...string) client.Program {
		program.args = args
		return program
	}, key)
	switch {
	case helpers.IsErrCredentialsNotFound(err):
		return types.AuthConfig{}, nil
	case ctx.Err() != nil:
		return types.AuthConfig{}, fmt.Errorf("%s has not answered within %v", program.name, helperTime)
	case err != nil:
		return types.AuthConfig{}, program.failed(err)
	case found.Username == tokenUser:
		return types.AuthConfig{IdentityToken: found.Secret}, nil
	}
	return types.AuthConfig{Username: found.Username, Password: found.Secret}, nil
}

// helperProgram runs a credential helper. It implements client.Program.
type helperProgram struct {
	ctx   context.Context
	name  string
	args  []string
	input io.Reader
	words cappedBuffer // of standard error
}

// Input implements client.Program.
func (p *helperProgram) Input(in io.Reader) { p.input = in }

var errTalkative = fmt.Errorf("it printed more than %d bytes", maxHelperOutput)

// Output implements client.Program. When the context ends, the helper ends with all
// programs that it has started.
func (p *helperProgram) Output() ([]byte, error) {
	output := cappedBuffer{most: maxHelperOutput, full: errTalkative}
	p.words.most = maxHelperWords
	command := exec.CommandContext(p.ctx, p.name, p.args...)
	command.Stdin, command.Stdout, command.Stderr = p.input, &output, &p.words
	command.WaitDelay = time.Second
	endWithChildren(command)
	err := command.Run()
	if output.overflowed {
		return nil, errTalkative
	}
	return output.kept.Bytes(), err
}

// failed returns an error with what the helper wrote to standard error. That is not
// trusted with the terminal, as a registry's words are not.
func (p *helperProgram) failed(err error) error {
	words := err.Error()
	if said := strings.TrimSpace(p.words.kept.String()); said != "" {
		words += " (" + said + ")"
	}
	return fmt.Errorf("%s: %s", p.name, wire.OneLine(words))
}

// cappedBuffer keeps the first bytes that are written to it. If full is set, more bytes
// are an error.
type cappedBuffer struct {
	kept       bytes.Buffer // not embedded: its method ReadFrom would read without bounds
	most       int
	full       error
	overflowed bool
}

func (b *cappedBuffer) Write(p []byte) (int, error) {
	room := min(len(p), b.most-b.kept.Len())
	b.kept.Write(p[:room])
	if room < len(p) {
		b.overflowed = true
		if b.full != nil {
			return room, b.full
		}
	}
	return len(p), nil
}
