//go:build unix

// The test sends signals, and needs named pipes.

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
)

// TestNothingIsLeft shows that a run leaves neither goroutines nor
// connections, however it ends.
func TestNothingIsLeft(t *testing.T) {
	const images = 100
	registry := memory.New()
	var list strings.Builder
	for i := range images {
		name := fmt.Sprintf("team/app%d", i)
		pushList(registry, name, "1", name, amd64, arm64)
		fmt.Fprintf(&list, "%s %s 1\n", name, name)
	}
	// Go's runtime has a goroutine for signals, which never ends. It must run before
	// the test counts goroutines. And a signal that comes after the run must not end
	// the test binary.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	for _, end := range []struct {
		name      string
		arguments []string
		status    int
		// intervene is called for each request, with its number.
		intervene func(t *testing.T, r *http.Request, n int)
	}{
		{"finished", nil, job.ExitOK, nil},
		{"interrupted", nil, job.ExitInterrupted, func(t *testing.T, r *http.Request, n int) {
			if n == 50 { // this request and all later ones wait below
				syscall.Kill(os.Getpid(), syscall.SIGINT)
			}
			if n >= 50 {
				<-r.Context().Done()
			}
		}},
		{"out of time", []string{"--timeout", "1ms"}, job.ExitUnchecked, func(t *testing.T, r *http.Request, n int) { <-r.Context().Done() }},
		{"a sink failed", []string{"--results", "PIPE"}, job.ExitUsage, nil},
		{"nothing could be written", []string{"-o", "/dev/full", "--results", "/dev/full"}, job.ExitUsage, nil},
	} {
		for _, jobs := range []int{1, 20, 500} {
			t.Run(fmt.Sprintf("%s/%d", end.name, jobs), func(t *testing.T) {
				dir := t.TempDir()
				write(t, filepath.Join(dir, "list.txt"), list.String())
				var mu sync.Mutex
				requests, connections := 0, map[net.Conn]bool{}
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if end.intervene != nil && r.URL.Path != "/v2/" {
						mu.Lock()
						requests++
						n := requests
						mu.Unlock()
						end.intervene(t, r, n)
					}
					registry.ServeHTTP(w, r)
				}))
				server.Config.ConnState = func(c net.Conn, state http.ConnState) {
					mu.Lock()
					defer mu.Unlock()
					connections[c] = true
					if state == http.StateClosed || state == http.StateHijacked {
						delete(connections, c)
					}
				}
				server.Start()
				defer server.Close()
				before := runtime.NumGoroutine()

				host := strings.TrimPrefix(server.URL, "http://")
				arguments := []string{"validate.star", "-f", filepath.Join(dir, "list.txt"), "-s", host, "-d", host,
					"-j", strconv.Itoa(jobs), "-o", filepath.Join(dir, "failed.txt")}
				for _, argument := range end.arguments {
					if argument == "PIPE" {
						argument = closingPipe(t, dir)
					}
					arguments = append(arguments, argument)
				}
				var stderr bytes.Buffer
				status := run(arguments, job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr, LookupEnv: noEnv})
				if status != end.status {
					t.Errorf("exit status %d, want %d:\n%s", status, end.status, stderr.String())
				}

				// mvrun has closed its connections. The server notices this a
				// moment later.
				left := 0
				for range 1000 {
					mu.Lock()
					left = len(connections)
					mu.Unlock()
					if left == 0 && runtime.NumGoroutine() <= before {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
				var stacks bytes.Buffer
				pprof.Lookup("goroutine").WriteTo(&stacks, 1)
				t.Errorf("%d connections are left, and %d goroutines more than before:\n%s", left, runtime.NumGoroutine()-before, stacks.String())
			})
		}
	}
}

// closingPipe returns the path of a pipe whose reader closes it after the first
// lines.
func closingPipe(t *testing.T, dir string) string {
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		reader, err := os.Open(path) // waits for the run
		if err != nil {
			t.Error(err)
			return
		}
		defer reader.Close()
		io.ReadFull(reader, make([]byte, 2000))
	}()
	return path
}
