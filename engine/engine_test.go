package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// fakeRegistry is a registry that a test writes as a function.
type fakeRegistry func(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error)

func (f fakeRegistry) Read(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	return f(ctx, image, need)
}

const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// mirrored answers as registries with an equal pair do.
func mirrored(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	list := &validate.Manifest{MediaType: validate.TypeDockerList, Digest: digest,
		Children: []validate.Descriptor{{Digest: digest, Platform: &validate.Platform{OS: "linux", Architecture: "amd64"}}}}
	return validate.Fact{Digest: digest, Manifest: list}, 1, nil
}

var question = validate.Question{Arch: []string{"amd64"}, OS: []string{"linux"}, Rules: validate.Hangar, Depth: validate.Manifests}

// kept is a sink that keeps what it gets, as text.
type kept struct {
	lines []string
	fail  error
}

func (k *kept) Write(r *Result) error {
	k.lines = append(k.lines, fmt.Sprintf("%d %s %s %d", r.Image.Number, r.Status, r.Reason, r.Attempts))
	return k.fail
}

func newEngine(registry fakeRegistry, jobs int, sinks ...Sink) *Engine {
	return New(Options{Registry: registry, Jobs: jobs, Timeout: time.Minute, TimeoutHint: "the limit", Sinks: sinks, Stop: func(error) {}})
}

func image(number int) imagelist.Image {
	return imagelist.Image{Source: "s/i", Destination: "d/i", Tag: "1", List: "l", Number: number, LineNumber: number, Line: fmt.Sprintf("line %d", number)}
}

func TestValidate(t *testing.T) {
	denied := &reasoned{validate.Unauthorized}
	for _, test := range []struct {
		name     string
		registry fakeRegistry
		status   validate.Status
		reason   validate.Reason
	}{
		{"equal", mirrored, validate.Pass, ""},
		{"an error with a reason", func(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
			return validate.Fact{}, 1, fmt.Errorf("wrapped: %w", denied)
		}, validate.Error, validate.Unauthorized},
		{"an error without one", func(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
			return validate.Fact{}, 1, errors.New("strange")
		}, validate.Error, validate.Unreachable},
		{"a panic", func(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
			panic("a bug")
		}, validate.Error, validate.Unreachable},
		{"the destination cannot be asked, the source is missing", func(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
			if need.Side == validate.Destination {
				return validate.Fact{}, 1, denied
			}
			return validate.Fact{Missing: true}, 1, nil
		}, validate.Error, validate.Unauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			sink := &kept{}
			e := newEngine(test.registry, 1, sink)
			task := e.Begin()
			result := task.Validate(t.Context(), new(image(1)), question)
			task.End()
			summary, err := e.Close(nil)
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != test.status || result.Reason != test.reason {
				t.Errorf("%s %s (%s), want %s %s", result.Status, result.Reason, result.Message, test.status, test.reason)
			}
			if want := fmt.Sprintf("1 %s %s 1", test.status, test.reason); !slices.Equal(sink.lines, []string{want}) {
				t.Errorf("the sink got %q, want %q", sink.lines, want)
			}
			if summary.Images != 1 || summary.Status[test.status] != 1 {
				t.Errorf("summary: %+v", summary)
			}
		})
	}
}

// reasoned is an error with its reason.
type reasoned struct{ reason validate.Reason }

func (r *reasoned) Error() string           { return "no: " + string(r.reason) }
func (r *reasoned) Reason() validate.Reason { return r.reason }

// TestLongErrorIsCut has a registry whose error quotes a manifest of 4 MB. The message of
// the result must not fill the log.
func TestLongErrorIsCut(t *testing.T) {
	e := newEngine(func(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
		return validate.Fact{}, 1, errors.New(strings.Repeat("long ", 1<<20))
	}, 1)
	task := e.Begin()
	result := task.Validate(t.Context(), new(image(1)), question)
	task.End()
	if len(result.Message) > 10_000 || !strings.HasPrefix(result.Message, "long long") {
		t.Errorf("a message of %d bytes: %.100s", len(result.Message), result.Message)
	}
}

func TestTimeoutAndInterruption(t *testing.T) {
	hangs := func(ctx context.Context, _ imagelist.Image, _ validate.Need) (validate.Fact, int, error) {
		<-ctx.Done()
		return validate.Fact{}, 1, ctx.Err()
	}
	e := New(Options{Registry: fakeRegistry(hangs), Jobs: 1, Timeout: time.Millisecond})
	if r := e.Begin().Validate(t.Context(), new(image(1)), question); r.Reason != validate.Timeout || !strings.Contains(r.Message, "1ms") {
		t.Errorf("after the timeout: %s (%s)", r.Reason, r.Message)
	}
	e.Close(nil)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	e = newEngine(hangs, 1)
	if r := e.Begin().Validate(ctx, new(image(1)), question); r.Reason != validate.Interrupted {
		t.Errorf("after an interruption: %s (%s)", r.Reason, r.Message)
	}
	e.Close(nil)
}

// TestJobs shows that no more images are validated at once than there are
// jobs, and no fewer either.
func TestJobs(t *testing.T) {
	const jobs, images = 5, 40
	var running, most atomic.Int64
	full := make(chan struct{}) // closed when all jobs are taken
	e := newEngine(func(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if need == (validate.Need{Side: validate.Source, Action: validate.HeadManifest}) { // one a validation
			n := running.Add(1)
			defer running.Add(-1)
			for {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			if n == jobs {
				select {
				case <-full:
				default:
					close(full)
				}
			}
			<-full
		}
		return mirrored(ctx, i, need)
	}, jobs)
	var threads sync.WaitGroup
	for i := range images {
		threads.Go(func() {
			task := e.Begin()
			defer task.End()
			task.Validate(t.Context(), new(image(i+1)), question)
		})
	}
	threads.Wait()
	summary, err := e.Close(nil)
	if err != nil || summary.Status[validate.Pass] != images {
		t.Errorf("%+v, %v", summary, err)
	}
	if most.Load() != jobs {
		t.Errorf("%d at once, want %d", most.Load(), jobs)
	}
}

// TestAgain shows that an image validated again counts once.
func TestAgain(t *testing.T) {
	calls := 0
	sink := &kept{}
	e := newEngine(serial(func(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if calls++; calls <= 2 { // both sides of the first attempt
			return validate.Fact{}, 1, errors.New("down")
		}
		return mirrored(ctx, i, need)
	}), 1, sink)
	task := e.Begin()
	task.Validate(t.Context(), new(image(1)), question)
	again := task.Validate(t.Context(), new(image(1)), question)
	if again.Attempts != 2 || again.Requests != 5 { // HEAD, GET, down; HEAD, GET, and the child's HEAD
		t.Errorf("%d attempts with %d requests, want 2 with 5", again.Attempts, again.Requests)
	}
	task.Validate(t.Context(), new(image(2)), question)
	task.End()
	summary, err := e.Close(nil)
	if err != nil || summary.Images != 2 || summary.Status[validate.Pass] != 2 {
		t.Errorf("%+v, %v", summary, err)
	}
	if want := []string{"1 pass  2", "2 pass  1"}; !slices.Equal(sink.lines, want) {
		t.Errorf("the sink got %q, want %q", sink.lines, want)
	}
}

// serial lets one call through at a time.
func serial(next fakeRegistry) fakeRegistry {
	var mu sync.Mutex
	return func(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		mu.Lock()
		defer mu.Unlock()
		return next(ctx, i, need)
	}
}

// TestSinkFails shows that a sink that fails stops the run once, and that the
// sinks after it are left alone.
func TestSinkFails(t *testing.T) {
	full := errors.New("disk full")
	first, second := &kept{fail: full}, &kept{}
	var stopped []error
	e := New(Options{Registry: fakeRegistry(mirrored), Jobs: 1, Timeout: time.Minute, Sinks: []Sink{first, second}, Stop: func(err error) { stopped = append(stopped, err) }})
	task := e.Begin()
	for i := range 3 {
		task.Validate(t.Context(), new(image(i+1)), question)
	}
	task.End()
	if _, err := e.Close(nil); err != full {
		t.Errorf("Close: %v", err)
	}
	if len(stopped) != 1 || len(first.lines) != 1 || len(second.lines) != 0 {
		t.Errorf("stopped %v, first sink %q, second %q", stopped, first.lines, second.lines)
	}
}

func TestEach(t *testing.T) {
	numbers := func(n int) func(context.Context) (int, error) {
		i := 0
		return func(context.Context) (int, error) {
			if i == n {
				return 0, io.EOF
			}
			i++
			return i, nil
		}
	}
	var sum atomic.Int64
	err := Each(t.Context(), 3, numbers(100), func(_ context.Context, index, item int) error {
		if item != index+1 {
			t.Errorf("item %d has index %d", item, index)
		}
		sum.Add(int64(item))
		return nil
	})
	if err != nil || sum.Load() != 5050 {
		t.Errorf("sum %d, %v", sum.Load(), err)
	}

	broken := errors.New("broken")
	err = Each(t.Context(), 3, numbers(100), func(ctx context.Context, _, item int) error {
		if item == 1 {
			return broken
		}
		<-ctx.Done() // the others are told
		return ctx.Err()
	})
	if err != broken {
		t.Errorf("the first error: %v", err)
	}

	err = Each(t.Context(), 1, numbers(1), func(context.Context, int, int) error { panic("a bug") })
	if err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("a panic: %v", err)
	}

	unreadable := errors.New("unreadable")
	err = Each(t.Context(), 2, func(context.Context) (int, error) { return 0, unreadable }, func(context.Context, int, int) error { return nil })
	if err != unreadable {
		t.Errorf("an error of next: %v", err)
	}
}

// TestLines shows which lines an interrupted run has to name, and which the
// failed list.
func TestLines(t *testing.T) {
	list, err := imagelist.Parse("l", strings.NewReader("s.io/a d.io/a 1\n# comment\ns.io/b d.io/b 1\ntwo words\ns.io/c d.io/c 1\ns.io/d d.io/d 1\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(func(ctx context.Context, i imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if i.Source == "s.io/b" {
			return validate.Fact{Missing: true}, 1, nil
		}
		return mirrored(ctx, i, need)
	}, 1)
	load(t, e, list)
	load(t, e, list)
	var results []*Packed
	for i := range 4 { // the last line is not reached
		line, err := list.At(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		image, err := list.Image(line, imagelist.Options{})
		if err != nil {
			e.Invalid(image, err)
			e.Invalid(image, err) // once
			continue
		}
		task := e.Begin()
		packed := task.Validate(t.Context(), &image, question).Pack()
		results = append(results, &packed)
		task.End()
	}
	if n, final := e.Total(); n != 5 || !final {
		t.Errorf("the total is %d, %v", n, final)
	}
	slices.Reverse(results)
	if got, want := e.FailedLines(results), []string{"s.io/b d.io/b 1", "two words"}; !slices.Equal(got, want) {
		t.Errorf("failed lines %q, want %q", got, want)
	}
	good := results[len(results)-1]
	failed := good.Result()
	failed.Status = validate.Fail
	bad := failed.Pack()
	elsewhere := *failed
	elsewhere.Image = new(*failed.Image)
	elsewhere.Image.Destination = "e.io/a"
	second := elsewhere.Pack()
	for _, test := range []struct {
		name    string
		results []*Packed
		want    int // with the line that is no image
	}{
		{"the last result is good", []*Packed{&bad, good}, 1},
		{"the last result is bad", []*Packed{good, &bad}, 2},
		{"a bad result for a second destination", []*Packed{good, &second}, 2},
		{"another image behind a bad one", []*Packed{&bad, results[0]}, 2},
	} {
		if got := e.FailedLines(test.results); len(got) != test.want {
			t.Errorf("%s: failed lines %q, want %d", test.name, got, test.want)
		}
	}
	summary, err := e.Close(nil)
	if err != nil || summary.Images != 4 || summary.Reasons[validate.Error][validate.InvalidLine] != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
	got, unchecked := e.UnfinishedLines(t.Context())
	if want := []string{"s.io/b d.io/b 1", "two words", "s.io/d d.io/d 1"}; !slices.Equal(got, want) || unchecked != 1 {
		t.Errorf("unfinished lines %q (%d unchecked), want %q", got, unchecked, want)
	}
}

// TestReadingBlobs shows that an image counts among those whose blobs are read from the
// first blob on until its verdict.
func TestReadingBlobs(t *testing.T) {
	const child = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	var e *Engine
	var blobs atomic.Int64
	e = newEngine(func(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		want := 0
		if need.IsBlob() {
			blobs.Add(1)
			want = 1
		}
		if got := e.ReadingBlobs(); got != want {
			t.Errorf("reading %+v: %d images, want %d", need, got, want)
		}
		m := &validate.Manifest{MediaType: validate.TypeDockerList, Digest: digest, Size: 7,
			Children: []validate.Descriptor{{Digest: child, Size: 7, MediaType: validate.TypeDockerManifest, Platform: &validate.Platform{OS: "linux", Architecture: "amd64"}}}}
		if need.Digest == child {
			m = &validate.Manifest{MediaType: validate.TypeDockerManifest, Digest: child, Size: 7, Config: validate.Descriptor{Digest: digest, Size: 7}, Layers: []validate.Descriptor{{Digest: child, Size: 7}}}
		}
		return validate.Fact{Digest: cmp.Or(need.Digest, digest), Size: 7, Manifest: m}, 1, nil
	}, 1)
	q := question
	q.Depth = validate.Data
	result := e.Begin().Validate(t.Context(), new(image(1)), q)
	if result.Status != validate.Pass || blobs.Load() != 2 || e.ReadingBlobs() != 0 {
		t.Errorf("%s: %s; %d blobs were read, and %d images are left", result.Status, result.Message, blobs.Load(), e.ReadingBlobs())
	}
	if _, err := e.Close(nil); err != nil {
		t.Error(err)
	}
}
