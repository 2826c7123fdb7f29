package starlib

import (
	"errors"
	"fmt"
	"strings"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine"
	"mvrun/validate"
)

// Result is the verdict about an image. It is immutable.
type Result struct{ packed engine.Packed }

var _ starlark.HasAttrs = (*Result)(nil)

// NewResult returns the value that scripts get for a result.
func NewResult(r *engine.Result) *Result { return &Result{r.Pack()} }

func (r *Result) String() string {
	result := r.packed.Result()
	words := []string{string(result.Status)}
	if result.Reason != "" {
		words = append(words, string(result.Reason))
	}
	return fmt.Sprintf("result(%s: %s)", result.Image.SourceReference(), strings.Join(words, " "))
}
func (r *Result) Type() string         { return "result" }
func (r *Result) Freeze()              {}
func (r *Result) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (r *Result) Hash() (uint32, error) { return 0, errors.New("unhashable: result") }

// Attr implements starlark.HasAttrs.
func (r *Result) Attr(name string) (starlark.Value, error) {
	result := r.packed.Result()
	switch name {
	case "image":
		return &Image{*r.packed.Image}, nil
	case "ok":
		return starlark.Bool(r.packed.OK()), nil
	case "status":
		return starlark.String(result.Status), nil
	case "reason":
		return starlark.String(result.Reason), nil
	case "message":
		return starlark.String(result.Message), nil
	case "match":
		return starlark.String(result.Match), nil
	case "platforms":
		return platformValues(result.Platforms), nil
	case "attempts":
		return starlark.MakeInt(result.Attempts), nil
	case "duration":
		return startime.Duration(result.Duration), nil
	case "waived":
		return starlark.String(result.Waived), nil
	case "rejected":
		return starlark.String(result.Rejected), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (r *Result) AttrNames() []string {
	return []string{"attempts", "duration", "image", "match", "message", "ok", "platforms", "reason", "rejected", "status", "waived"}
}

func platformValues(platforms []validate.PlatformVerdict) starlark.Value {
	var values []starlark.Value
	for _, p := range platforms {
		values = append(values, starlarkstruct.FromStringDict(starlark.String("platform"), starlark.StringDict{
			"platform":    starlark.String(p.Platform),
			"source":      starlark.String(p.Source),
			"destination": starlark.String(p.Destination),
			"match":       starlark.String(p.Match),
			"reason":      starlark.String(p.Reason),
			"message":     starlark.String(p.Message),
		}))
	}
	list := starlark.NewList(values)
	list.Freeze()
	return list
}
