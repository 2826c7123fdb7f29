package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"mvrun/validate"
)

// Needs of one digest at the destination.
var (
	headOf = validate.Need{Side: validate.Destination, Action: validate.HeadManifest, Digest: digest}
	readOf = validate.Need{Side: validate.Destination, Action: validate.ReadManifest, Digest: digest}
	blobOf = validate.Need{Side: validate.Destination, Action: validate.ReadConfig, Digest: digest}
	statOf = validate.Need{Side: validate.Destination, Action: validate.HeadBlob, Digest: digest}
	hashOf = validate.Need{Side: validate.Destination, Action: validate.HashBlob, Digest: digest}
)

// TestFactsRemembered shows which fact answers which question later.
func TestFactsRemembered(t *testing.T) {
	there := validate.Fact{Digest: digest, Size: 7, Manifest: &validate.Manifest{}, Config: &validate.Config{}}
	tag := func(n validate.Need) validate.Need { n.Digest = ""; return n }
	source := func(n validate.Need) validate.Need { n.Side = validate.Source; return n }
	other := func(n validate.Need) validate.Need { n.Digest = strings.Replace(digest, "a", "b", 64); return n }
	attached := validate.Need{Side: validate.Destination, Action: validate.ListReferrers, Digest: digest}
	for _, test := range []struct {
		name        string
		first, then validate.Need
		fact        validate.Fact // of the first
		remembered  bool
	}{
		{"a manifest that is there", headOf, headOf, there, true},
		{"a manifest", readOf, readOf, there, true},
		{"a manifest that was read is there", readOf, headOf, there, true},
		{"a manifest that is there was not read", headOf, readOf, there, false},
		{"a config", blobOf, blobOf, there, true},
		{"a config that was read has a size", blobOf, statOf, there, true},
		{"a config that was read has a digest", blobOf, hashOf, there, true},
		{"a blob that was hashed has a size", hashOf, statOf, there, true},
		{"a blob with a size", statOf, statOf, validate.Fact{Size: 7}, true}, // whose digest nobody read
		{"a blob with a size was not hashed", statOf, hashOf, there, false},
		{"a tag may move", tag(headOf), tag(headOf), there, false},
		{"referrers may come", attached, attached, there, false},
		{"the other side", headOf, source(headOf), there, false},
		{"another digest", headOf, other(headOf), there, false},
		{"what is missing may come", headOf, headOf, validate.Fact{Missing: true}, false},
		{"a blob that is missing may come", statOf, statOf, validate.Fact{Missing: true}, false},
		{"a blob of which only the second read was right", hashOf, hashOf, validate.Fact{Digest: digest, Size: 7, Misread: "sha256:b"}, true},
		{"a config of which only the second read was right", blobOf, blobOf, validate.Fact{Digest: digest, Size: 7, Misread: "sha256:b"}, true},
		{"a manifest whose bytes are wrong", readOf, readOf, validate.Fact{Digest: "sha256:b", Claimed: digest}, false},
		{"a manifest whose bytes are wrong, after a HEAD", headOf, headOf, validate.Fact{Digest: "sha256:b", Claimed: digest}, false},
		{"bytes that are not the digest's", hashOf, hashOf, validate.Fact{Digest: "sha256:b"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFacts()
			asked := 0
			ask := func(need validate.Need) (validate.Fact, int) {
				fact, requests, err := f.read(t.Context(), image(1), need, func() (validate.Fact, int, error) {
					asked++
					return test.fact, 1, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return fact, requests
			}
			if first, _ := ask(test.first); first.Misread != test.fact.Misread {
				t.Errorf("the first one got %+v", first)
			}
			fact, requests := ask(test.then)
			if asked == 1 != test.remembered || requests == 0 != test.remembered {
				t.Errorf("asked %d times, the last for %d requests; want it remembered: %v", asked, requests, test.remembered)
			}
			if test.remembered && fact.Misread != "" {
				t.Errorf("remembered the wrong read of another image: %+v", fact)
			}
			if test.remembered && (test.fact.Digest != "" && fact.Digest != test.fact.Digest || fact.Missing) {
				t.Errorf("remembered %+v", fact)
			}
			switch test.then.Action {
			case validate.HeadManifest, validate.HeadBlob, validate.HashBlob:
				if test.remembered && fact.Size != test.fact.Size {
					t.Errorf("a size of %d, want %d", fact.Size, test.fact.Size)
				}
			}
		})
	}
}

// TestFactsRepositories shows that a fact of one repository is none of another.
func TestFactsRepositories(t *testing.T) {
	f := newFacts()
	asked := 0
	for _, repository := range []string{"d/a", "d/b", "d/a"} {
		i := image(1)
		i.Destination = repository
		f.read(t.Context(), i, headOf, func() (validate.Fact, int, error) {
			asked++
			return validate.Fact{Digest: digest}, 1, nil
		})
	}
	if asked != 2 {
		t.Errorf("asked %d times, want once a repository", asked)
	}
}

// TestFactsOneFlight shows that many callers that want the same fact at once ask once,
// and that the requests count for one of them.
func TestFactsOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, release := newFacts(), make(chan struct{})
		asked, requests, answers := 0, make(chan int, 10), 10
		for range answers {
			go func() {
				fact, n, err := f.read(t.Context(), image(1), headOf, func() (validate.Fact, int, error) {
					asked++
					<-release
					return validate.Fact{Digest: digest}, 3, nil
				})
				if err != nil || fact.Digest != digest {
					t.Errorf("%+v, %v", fact, err)
				}
				requests <- n
			}()
		}
		synctest.Wait() // until one asks and the others wait for it
		if asked != 1 {
			t.Errorf("asked %d times at once", asked)
		}
		close(release)
		sum := 0
		for range answers {
			sum += <-requests
		}
		if asked != 1 || sum != 3 {
			t.Errorf("asked %d times, for %d requests in all; want once, 3", asked, sum)
		}
	})
}

// TestFactsErrorsNotShared shows that a caller asks itself if the caller that it waited
// for failed or panicked.
func TestFactsErrorsNotShared(t *testing.T) {
	for _, fail := range []func() (validate.Fact, int, error){
		func() (validate.Fact, int, error) { return validate.Fact{}, 1, errors.New("no time left") },
		func() (validate.Fact, int, error) { panic("a bug") },
	} {
		for _, need := range []validate.Need{headOf, statOf} {
			synctest.Test(t, func(t *testing.T) {
				f, release := newFacts(), make(chan struct{})
				first := make(chan error)
				go func() {
					first <- Guard(func() error {
						_, _, err := f.read(t.Context(), image(1), need, func() (validate.Fact, int, error) {
							<-release
							return fail()
						})
						return err
					})
				}()
				synctest.Wait()
				second := make(chan error)
				go func() {
					fact, _, err := f.read(t.Context(), image(1), need, func() (validate.Fact, int, error) {
						return validate.Fact{Digest: digest, Size: 7}, 1, nil
					})
					if fact.Digest != digest || fact.Size != 7 {
						t.Errorf("the second one got %+v", fact)
					}
					second <- err
				}()
				synctest.Wait()
				close(release)
				if err := <-first; err == nil {
					t.Error("the first one got no error")
				}
				if err := <-second; err != nil {
					t.Errorf("the second one got %v", err)
				}
			})
		}
	}
}

// TestFactsWaitEnds shows that the end of a caller's context ends its wait for another
// caller.
func TestFactsWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, release := newFacts(), make(chan struct{})
		first := make(chan error)
		go func() {
			_, _, err := f.read(t.Context(), image(1), headOf, func() (validate.Fact, int, error) {
				<-release
				return validate.Fact{Digest: digest}, 1, nil
			})
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(ErrInterrupted)
		if _, _, err := f.read(ctx, image(1), headOf, func() (validate.Fact, int, error) {
			t.Error("it asked, too")
			return validate.Fact{}, 1, nil
		}); !errors.Is(err, ErrInterrupted) {
			t.Errorf("the one that waited got %v", err)
		}
		close(release)
		if err := <-first; err != nil {
			t.Errorf("the first one got %v", err)
		}
	})
}
