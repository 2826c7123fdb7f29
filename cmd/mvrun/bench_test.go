package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/validate"
)

// These benchmarks measure how fast a run is, as a ratio to a floor. The floor is the
// least that any client must do: the fewest possible requests over bare net/http,
// without checks. The run and the floor are measured one after the other, because the
// speed of a machine changes from minute to minute.
//
//	go test -run '^$' -bench . -benchtime 5x ./cmd/mvrun

// BenchmarkEqual validates equal images with two platforms. If the registries answer at
// once, a run with 20 jobs should take at most 1.5 times the floor. If every answer takes
// 40 ms, a run should take at most 1.15 times the floor, with 20 jobs and with one. The
// benchmark fails if a run sends more requests than the floor.
func BenchmarkEqual(b *testing.B) {
	for _, bench := range []struct {
		name    string
		pairs   int
		latency time.Duration
		jobs    int
	}{
		{"at-once", 2000, 0, 20},
		{"40ms-away", 500, 40 * time.Millisecond, 20},
		{"40ms-away-one-job", 25, 40 * time.Millisecond, 1},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := startBenchRegistries(b, bench.pairs, bench.latency)
			list := r.list(b, bench.pairs)

			var ratios, cpuRatios, times []float64
			var before, after runtime.MemStats
			var allocations uint64
			for b.Loop() {
				b.StopTimer()
				started, cpu := time.Now(), cpuTime(b)
				if err := floor(b.Context(), r, bench.pairs, bench.jobs); err != nil {
					b.Fatal(err)
				}
				least, leastCPU := time.Since(started), cpuTime(b)-cpu
				sent := r.count(b)
				if sent != 4*bench.pairs {
					b.Fatalf("the floor is %d requests, want %d", sent, 4*bench.pairs)
				}
				runtime.GC()
				runtime.ReadMemStats(&before)

				b.StartTimer()
				took, tookCPU := timeRun(b, argumentsFor(list, strconv.Itoa(bench.jobs))...)
				b.StopTimer()

				runtime.ReadMemStats(&after)
				if requests := r.count(b); requests != 4*bench.pairs {
					b.Fatalf("the run sent %d requests, want %d", requests, 4*bench.pairs)
				}
				allocations += after.Mallocs - before.Mallocs
				ratios = append(ratios, took.Seconds()/least.Seconds())
				cpuRatios = append(cpuRatios, tookCPU.Seconds()/leastCPU.Seconds())
				times = append(times, least.Seconds())
				b.StartTimer()
			}
			n := float64(len(ratios) * bench.pairs)
			b.ReportMetric(median(ratios), "×floor")
			b.ReportMetric(median(cpuRatios), "×floor-CPU")
			b.ReportMetric(median(times), "floor-s")
			b.ReportMetric(4, "requests/pair")
			b.ReportMetric(float64(allocations)/n, "allocs/pair")
		})
	}
}

// list writes a list of so many pairs to a file.
func (r *benchRegistries) list(b *testing.B, pairs int) string {
	path := filepath.Join(b.TempDir(), "list.txt")
	var lines strings.Builder
	for i := range pairs {
		fmt.Fprintf(&lines, "%s/team/app%d %s/team/app%d 1.0\n", r.source, i, r.destination, i)
	}
	write(b, path, lines.String())
	return path
}

// argumentsFor returns the arguments of a run over a list with so many jobs.
func argumentsFor(list, jobs string) []string {
	return []string{"-f", list, "-j", jobs, "-o", list + ".failed"}
}

// timeRun runs the bundled script, in which every image must pass. It returns the time and
// the CPU time that this took.
func timeRun(b *testing.B, args ...string) (took, cpu time.Duration) {
	started, before := time.Now(), cpuTime(b)
	goOwn := debug.SetGCPercent(percentFor(inUse())) // main does this, but the benchmark does not call main
	defer debug.SetGCPercent(goOwn)
	status := run(append([]string{"validate.star"}, args...), job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, LookupEnv: noEnv})
	took, cpu = time.Since(started), cpuTime(b)-before
	if status != job.ExitOK {
		b.Fatalf("exit status %d", status)
	}
	return took, cpu
}

func noEnv(string) (string, bool) { return "", false }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// floor sends the requests that are needed to find out that the images are equal. It
// reads from the answers only what it needs for the next request.
func floor(ctx context.Context, r *benchRegistries, pairs, jobs int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4 * jobs}}
	defer client.CloseIdleConnections()
	ask := func(method, url string) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, url, nil)
		if err != nil {
			return nil, err
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		return io.ReadAll(response.Body)
	}
	pair := func(i int) error {
		head := make(chan error, 1)
		go func() {
			_, err := ask(http.MethodHead, fmt.Sprintf("http://%s/v2/team/app%d/manifests/1.0", r.source, i))
			head <- err
		}()
		repository := fmt.Sprintf("http://%s/v2/team/app%d/manifests/", r.destination, i)
		body, err := ask(http.MethodGet, repository+"1.0")
		if err := <-head; err != nil {
			return err
		}
		if err != nil {
			return err
		}
		var list struct{ Manifests []struct{ Digest string } }
		if err := json.Unmarshal(body, &list); err != nil {
			return err
		}
		var children errgroup.Group
		for _, child := range list.Manifests {
			children.Go(func() error {
				_, err := ask(http.MethodHead, repository+child.Digest)
				return err
			})
		}
		return children.Wait()
	}
	var workers errgroup.Group
	var next atomic.Int64
	for range jobs {
		workers.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= pairs {
					return nil
				}
				if err := pair(i); err != nil {
					return err
				}
			}
		})
	}
	return workers.Wait()
}

// benchRegistries are two registries in a separate process. So their memory does not
// count in this process, and their garbage is not collected here.
type benchRegistries struct{ source, destination string }

// startBenchRegistries starts them. With the argument "tokens", each repository wants a
// bearer token of its own.
func startBenchRegistries(b *testing.B, pairs int, latency time.Duration, arguments ...string) *benchRegistries {
	return startRegistries(b, "mvrun-registries", append([]string{strconv.Itoa(pairs), latency.String()}, arguments...)...)
}

// startRegistries starts one of the programs of TestMain that serve two registries until
// their standard input ends.
func startRegistries(b *testing.B, program string, args ...string) *benchRegistries {
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close() // ends the process
		command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	addresses := strings.Fields(line)
	return &benchRegistries{addresses[0], addresses[1]}
}

// count returns how many requests both registries got since the last call of count.
// Pings and requests for tokens do not count.
func (r *benchRegistries) count(b *testing.B) int { return r.ask(b, "/count") }

// countTokens is count for requests for tokens.
func (r *benchRegistries) countTokens(b *testing.B) int { return r.ask(b, "/count-tokens") }

// ask returns the number that the registries answer for a path.
func (r *benchRegistries) ask(b *testing.B, path string) int {
	response, err := http.Get("http://" + r.source + path)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(string(body))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// serveBenchRegistries is the program "mvrun-registries PAIRS LATENCY [tokens]". It serves
// two registries with the same lists of two platforms, until standard input ends. It makes
// all answers at the beginning, so that serving them takes nearly no time.
func serveBenchRegistries() {
	pairs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	latency, err := time.ParseDuration(os.Args[2])
	if err != nil {
		panic(err)
	}
	type answer struct {
		contentType, digest string
		body                []byte
	}
	answers := map[string]answer{}
	for i := range pairs {
		base := fmt.Sprintf("/v2/team/app%d/manifests/", i)
		var children []map[string]any
		for _, arch := range []string{"amd64", "arm64"} {
			digest := validate.Digest("sha256", fmt.Appendf(nil, "%d %s", i, arch))
			answers[base+digest] = answer{validate.TypeDockerManifest, digest, nil} // nobody reads the body
			children = append(children, map[string]any{"mediaType": validate.TypeDockerManifest, "size": 1234, "digest": digest,
				"platform": map[string]string{"os": "linux", "architecture": arch}})
		}
		body, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeDockerList, "manifests": children})
		if err != nil {
			panic(err)
		}
		answers[base+"1.0"] = answer{validate.TypeDockerList, validate.Digest("sha256", body), body}
	}
	wantTokens := slices.Contains(os.Args[3:], "tokens")
	var requests, tokens atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.URL.Path]
		switch {
		case r.URL.Path == "/token":
			tokens.Add(1)
			time.Sleep(latency)
			fmt.Fprintf(w, `{"token":%q,"expires_in":300}`, r.URL.Query().Get("scope"))
		case wantTokens && (ok || r.URL.Path == "/v2/") && !allows(r.Header.Get("Authorization"), r.URL.Path):
			time.Sleep(latency)
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="bench"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		case ok:
			requests.Add(1)
			time.Sleep(latency)
			w.Header()["Content-Type"] = []string{a.contentType}
			w.Header()["Docker-Content-Digest"] = []string{a.digest}
			w.Header()["Content-Length"] = []string{strconv.Itoa(max(1234, len(a.body)))}
			if r.Method == http.MethodGet {
				w.Header()["Content-Length"] = []string{strconv.Itoa(len(a.body))}
				w.Write(a.body)
			}
		case r.URL.Path == "/count":
			fmt.Fprint(w, requests.Swap(0))
		case r.URL.Path == "/count-tokens":
			fmt.Fprint(w, tokens.Swap(0))
		case r.URL.Path == "/v2/":
			time.Sleep(latency)
		default:
			http.NotFound(w, r)
		}
	})
	serveBoth(handler, handler)
}

// serveBoth serves two registries, and prints their addresses, until standard input ends.
func serveBoth(source, destination http.Handler) {
	var addresses []any
	for _, handler := range []http.Handler{source, destination} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		addresses = append(addresses, listener.Addr())
		go http.Serve(listener, handler)
	}
	fmt.Println(addresses...)
	io.Copy(io.Discard, os.Stdin)
}

// allows reports whether a token is for the repository of a path. A token of these
// registries is the scope for which it was given.
func allows(authorization, path string) bool {
	repository, isToken := strings.CutPrefix(authorization, "Bearer repository:")
	repository, isPull := strings.CutSuffix(repository, ":pull")
	return isToken && isPull && strings.HasPrefix(path, "/v2/"+repository+"/")
}
