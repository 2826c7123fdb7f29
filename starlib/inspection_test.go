package starlib_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine"
	"mvrun/starlib"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// lookup is a Lookup that answers inspect from a map, and notes each reference.
type lookup struct {
	mu    sync.Mutex
	asked []string
	found map[string]func(ctx context.Context, times int) (*validate.Inspection, error)
}

func (l *lookup) Inspect(ctx context.Context, repository, reference string) (*validate.Inspection, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, reference)
	times := 0
	for _, asked := range l.asked {
		if asked == reference {
			times++
		}
	}
	return l.found[reference](ctx, times)
}

func (l *lookup) Tags(context.Context, string) ([]string, error) { return nil, nil }

func (l *lookup) Referrers(context.Context, string, string) ([]validate.Descriptor, error) {
	return nil, nil
}

func TestInspection(t *testing.T) {
	linux := &validate.Platform{OS: "linux", Architecture: "amd64"}
	image, nested := validate.Digest("sha256", []byte("image")), validate.Digest("sha256", []byte("nested"))
	list := func(children ...validate.Descriptor) func(context.Context, int) (*validate.Inspection, error) {
		return func(context.Context, int) (*validate.Inspection, error) {
			return &validate.Inspection{Manifest: &validate.Manifest{MediaType: validate.TypeOCIIndex, Children: children}}, nil
		}
	}
	l := &lookup{found: map[string]func(context.Context, int) (*validate.Inspection, error){
		"1": list(
			validate.Descriptor{Digest: validate.Digest("sha256", nil), Platform: &validate.Platform{OS: "unknown", Architecture: "unknown"},
				Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}},
			validate.Descriptor{Digest: nested},
			validate.Descriptor{Digest: image, Platform: linux},
		),
		nested: list(),
		image: func(_ context.Context, times int) (*validate.Inspection, error) {
			if times == 1 {
				return nil, errors.New("away for a moment")
			}
			config := &validate.Config{Platform: *linux, Runtime: validate.Runtime{Labels: map[string]string{"team": "shop"}}}
			return &validate.Inspection{Manifest: &validate.Manifest{MediaType: validate.TypeOCIManifest}, Config: config}, nil
		},
	}}
	script := source.Script{Name: "test.star", Source: `
def eq(got, want):
    if got != want:
        fail("got %s, want %s" % (got, want))

def labels(_):
    return PLATFORMS[1].labels["team"]

PLATFORMS = inspect("example.com/app:1").platforms

def main():
    eq([p.platform for p in PLATFORMS], ["", "linux/amd64"])
    eq([p.wanted for p in PLATFORMS], [False, True])

    # A failure is not kept, and what was read is.
    eq(attempt(lambda: PLATFORMS[1].labels).error.endswith("away for a moment"), True)
    eq(parallel(labels, range(100)), ["shop"] * 100)
    eq(inspect("example.com/app:1").size, 0)

    error = attempt(lambda: PLATFORMS[0].size).error
    if "is a list within a list" not in error:
        fail(error)
    return 0
`}
	e := engine.New(engine.Options{Jobs: 8, Timeout: time.Minute, Stop: func(error) {}})
	defer e.Close(nil)
	status, err := starlib.Run(t.Context(), script, starlib.Options{Engine: e, Lookup: l, Print: io.Discard,
		Question: validate.Question{Arch: []string{"amd64"}, OS: []string{"linux"}}})
	if err != nil || status == nil || *status != 0 {
		t.Fatal(err)
	}
	if got := strings.Count(strings.Join(l.asked, " "), image); got != 3 { // the first read failed, the second succeeded, and another inspection needed a third
		t.Errorf("the image was asked for %d times", got)
	}
}

// TestInspectionInterrupted shows that the end of a run ends a request that comes from
// reading an attribute. The call of inspect() that made the value has ended long before.
func TestInspectionInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		interrupted := errors.New("interrupted")
		ctx, interrupt := context.WithCancelCause(t.Context())
		child := validate.Digest("sha256", []byte("image"))
		l := &lookup{found: map[string]func(context.Context, int) (*validate.Inspection, error){
			"1": func(context.Context, int) (*validate.Inspection, error) {
				return &validate.Inspection{Manifest: &validate.Manifest{MediaType: validate.TypeOCIIndex, Children: []validate.Descriptor{{Digest: child}}}}, nil
			},
			child: func(ctx context.Context, _ int) (*validate.Inspection, error) {
				interrupt(interrupted)
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}}
		e := engine.New(engine.Options{Jobs: 1, Timeout: time.Hour, Stop: func(error) {}})
		defer e.Close(nil)
		began := time.Now()
		script := source.Script{Name: "test.star", Source: "def main():\n    inspect(\"example.com/app:1\").labels\n"}
		_, err := starlib.Run(ctx, script, starlib.Options{Engine: e, Lookup: l, Print: io.Discard})
		if err != interrupted || time.Since(began) > 0 {
			t.Errorf("got %v after %v, want %v at once", err, time.Since(began), interrupted)
		}
	})
}
