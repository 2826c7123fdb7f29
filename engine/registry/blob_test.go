package registry_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/zstd"

	"mvrun/engine/registry"
	"mvrun/validate"
)

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

func zstandard(content []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(content, nil)
}

func sha(content []byte) string { return validate.Digest("sha256", content) }

// blobOf returns a registry that answers every request for a blob with body.
func blobOf(body []byte) http.Handler {
	return ping(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body)
	})
}

func TestReadBlob(t *testing.T) {
	content := bytes.Repeat([]byte("what is in a layer "), 10_000)
	packed, packedAnew := gzipped(content), zstandard(content)
	cut := packed[:len(packed)/2]
	trailed := append(gzipped(content), "behind the end"...)
	skippable := append([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, packedAnew...)
	for _, test := range []struct {
		name string
		body []byte
		what validate.Action
		size int64 // the size in the manifest; 0 means that of the body
		want validate.Fact
	}{
		{"hashed", packed, validate.HashBlob, 0, validate.Fact{Digest: sha(packed), Size: int64(len(packed))}},
		{"longer than it should be", packed, validate.HashBlob, 10, validate.Fact{Digest: sha(packed[:11]), Size: 11}},
		{"shorter than it should be", cut, validate.HashBlob, int64(len(packed)), validate.Fact{Digest: sha(cut), Size: int64(len(cut))}},
		{"the greatest possible size", packed, validate.HashBlob, math.MaxInt64, validate.Fact{Digest: sha(packed), Size: int64(len(packed))}},
		{"empty", nil, validate.HashBlob, 0, validate.Fact{Digest: sha(nil)}},
		{"gzip", packed, validate.UnpackLayer, 0, validate.Fact{Digest: sha(packed), Size: int64(len(packed)), Format: "gzip", DiffID: sha(content)}},
		{"gzip in two parts", append(gzipped(content[:100]), gzipped(content[100:])...), validate.UnpackLayer, 0,
			validate.Fact{Digest: sha(append(gzipped(content[:100]), gzipped(content[100:])...)), Size: int64(len(gzipped(content[:100])) + len(gzipped(content[100:]))), Format: "gzip", DiffID: sha(content)}},
		{"zstd", packedAnew, validate.UnpackLayer, 0, validate.Fact{Digest: sha(packedAnew), Size: int64(len(packedAnew)), Format: "zstd", DiffID: sha(content)}},
		{"zstd after a skippable frame", skippable, validate.UnpackLayer, 0, validate.Fact{Digest: sha(skippable), Size: int64(len(skippable)), Format: "zstd", DiffID: sha(content)}},
		{"zstd after another skippable frame", append([]byte{0x5f}, skippable[1:]...), validate.UnpackLayer, 0,
			validate.Fact{Digest: sha(append([]byte{0x5f}, skippable[1:]...)), Size: int64(len(skippable)), Format: "zstd", DiffID: sha(content)}},
		{"a plain tar", content, validate.UnpackLayer, 0, validate.Fact{Digest: sha(content), Size: int64(len(content)), Format: "tar", DiffID: sha(content)}},
		{"half a gzip", cut, validate.UnpackLayer, 0, validate.Fact{Digest: sha(cut), Size: int64(len(cut)), Format: "gzip", Broken: "unexpected EOF"}},
		{"gzip with more bytes after it", trailed, validate.UnpackLayer, 0, validate.Fact{Digest: sha(trailed), Size: int64(len(trailed)), Format: "gzip", Broken: "gzip: invalid header"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, registry.Options{})
			size := test.size
			if size == 0 {
				size = int64(len(test.body))
			}
			fact := read(t, c, app(serve(t, blobOf(test.body))), validate.Need{Action: test.what, Digest: sha(test.body), Size: size})
			if !reflect.DeepEqual(fact, test.want) {
				t.Errorf("got  %+v\nwant %+v", fact, test.want)
			}
			reads := int64(1)
			if fact.Digest != sha(test.body) { // wrong bytes are read twice
				reads = 2
			}
			if c.Bytes() != reads*fact.Size {
				t.Errorf("%d bytes were counted of %d, read %d times", c.Bytes(), fact.Size, reads)
			}
		})
	}
	t.Run("sha512", func(t *testing.T) {
		digest := validate.Digest("sha512", content)
		fact := read(t, newClient(t, registry.Options{}), app(serve(t, blobOf(content))), validate.Need{Action: validate.HashBlob, Digest: digest})
		if fact.Digest != digest {
			t.Errorf("got %+v", fact)
		}
	})
}

// TestHungryLayer shows that a layer which needs too much memory is no failure of the
// mirror, unless its bytes are wrong, too.
func TestHungryLayer(t *testing.T) {
	// The header of this zstd frame asks for a window of 256 MiB. The frame has a block
	// of one byte.
	hungry := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1<<3 | 1, 0, 0, 'x'}
	image := app(serve(t, blobOf(hungry)))
	need := validate.Need{Action: validate.UnpackLayer, Digest: sha(hungry), Size: int64(len(hungry))}
	_, _, err := newClient(t, registry.Options{}).Read(t.Context(), image, need)
	wantError(t, err, validate.BadManifest, "takes more than 128 MiB of memory")
	need.Digest = sha([]byte("else"))
	if fact := read(t, newClient(t, registry.Options{}), image, need); fact.Digest != sha(hungry) {
		t.Errorf("got %+v", fact)
	}
}

// TestBomb shows that a decompression bomb needs little memory, and that unpacking it
// stops early.
func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: to unpack 4 GiB takes seconds")
	}
	bomb := bytes.Repeat(zstandard(make([]byte, 8<<20)), 600)
	fact := read(t, newClient(t, registry.Options{}), app(serve(t, blobOf(bomb))), validate.Need{Action: validate.UnpackLayer, Digest: sha(bomb), Size: int64(len(bomb))})
	if !strings.Contains(fact.Broken, "as a bomb does") || fact.DiffID != "" {
		t.Errorf("got %+v", fact)
	}
}

// TestBlobCutShort shows that a blob that is cut short is read again from its beginning.
func TestBlobCutShort(t *testing.T) {
	body := bytes.Repeat([]byte("bytes "), 10_000)
	for cuts, want := range map[int]bool{5: true, 6: false} {
		gets := 0
		handler := ping(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			if gets++; gets <= cuts {
				w.Write(body[:len(body)/2])
				cut(w)
				return
			}
			w.Write(body)
		})
		bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
			fact, requests, err := c.Read(t.Context(), app(hub), validate.Need{Action: validate.HashBlob, Digest: sha(body), Size: int64(len(body))})
			wantRequests(t, requests, 6)
			if !want {
				wantError(t, err, validate.Unreachable, "the answer was cut short 6 times")
			} else if err != nil || fact.Digest != sha(body) {
				t.Errorf("after %d cuts: %+v, %v", cuts, fact, err)
			}
		})
	}
}

// TestPending shows how many bytes are still to come while a blob is read, and that none
// are after it was read, or could not be read.
func TestPending(t *testing.T) {
	body := bytes.Repeat([]byte("bytes "), 10_000)
	for _, test := range []struct {
		name string
		end  func(http.ResponseWriter)
	}{
		{"read", func(w http.ResponseWriter) { w.Write(body[len(body)/2:]) }},
		{"shorter than it should be", func(http.ResponseWriter) {}},
		{"cut short", cut},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer, end, reads := make(chan struct{}), make(chan struct{}), 0
				network := newPipes()
				network.serve(t, hub+":443", ping(func(w http.ResponseWriter, _ *http.Request) {
					<-answer
					w.Write(body[:len(body)/2])
					w.(http.Flusher).Flush()
					if reads++; reads == 1 {
						<-end
					}
					test.end(w)
				}))
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 100})
				var reading sync.WaitGroup
				reading.Go(func() {
					c.Read(t.Context(), app(hub), validate.Need{Action: validate.HashBlob, Digest: sha(body), Size: int64(len(body))})
				})
				wants := func(when string, want int) {
					synctest.Wait()
					if got := c.Pending(); got != int64(want) {
						t.Errorf("%s: %d bytes are to come, want %d", when, got, want)
					}
				}
				wants("before the answer", len(body))
				close(answer)
				wants("after half of it", len(body)/2)
				close(end)
				reading.Wait()
				wants("at the end", 0)
			})
		})
	}
}

func TestHeadBlob(t *testing.T) {
	body := []byte("twelve bytes")
	missing := func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`)
	}
	whole := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "12")
		w.Write(body)
	}
	for _, test := range []struct {
		name      string
		head, get func(http.ResponseWriter)
		want      validate.Fact
		requests  int
	}{
		{"there", whole, nil, validate.Fact{Size: 12}, 1},
		{"not there", missing, missing, validate.Fact{Missing: true}, 2},
		{"a wrong 404 of a proxy cache", missing, whole, validate.Fact{Size: 12}, 2},
		{"a store that refuses HEAD", func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, whole, validate.Fact{Size: 12}, 2},
		{"no HEAD at all", func(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) }, whole, validate.Fact{Size: 12}, 2},
		{"a HEAD that is not implemented", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotImplemented) }, whole, validate.Fact{Size: 12}, 2},
		{"a HEAD that gets 400 Bad Request", func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) }, whole, validate.Fact{Size: 12}, 2},
		{"no length at all", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, func(w http.ResponseWriter) { w.(http.Flusher).Flush(); w.Write(body) },
			validate.Fact{Size: 12, Digest: sha(body)}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					test.head(w)
					return
				}
				test.get(w)
			}))
			fact, requests, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), validate.Need{Action: validate.HeadBlob, Digest: sha(body)})
			if err != nil || !reflect.DeepEqual(fact, test.want) {
				t.Errorf("got %+v, %v, want %+v", fact, err, test.want)
			}
			wantRequests(t, requests, test.requests)
		})
	}
	t.Run("refused", func(t *testing.T) {
		host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
		_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), validate.Need{Action: validate.HeadBlob, Digest: sha(body)})
		wantError(t, err, validate.Unauthorized, "403 Forbidden")
	})
}

// TestCorruptConfig shows that a config with a wrong digest is a fact, and no error. The
// comparison then judges it.
func TestCorruptConfig(t *testing.T) {
	fact := read(t, newClient(t, registry.Options{}), app(serve(t, blobOf([]byte(`{}`)))), blob(sha([]byte("else"))))
	if want := (validate.Fact{Digest: sha([]byte(`{}`)), Size: 2}); !reflect.DeepEqual(fact, want) {
		t.Errorf("got %+v, want %+v", fact, want)
	}
}
