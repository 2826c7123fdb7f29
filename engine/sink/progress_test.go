package sink

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress shows the bar, which follows the bytes where blobs are read, and else the
// images.
func TestProgress(t *testing.T) {
	for _, test := range []struct {
		name  string
		blobs blobs
		want  string
	}{
		{"images", blobs{}, "1/4 images [=========>                            ] 0.5/s, 6s left"},
		{"bytes", blobs{9 << 20, 3 << 20, 3, false}, "1/4 images [======>  ] 0.5/s, 9.0 MiB of about 12.0 MiB read, 4.5 MiB/s, 1s left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var screen bytes.Buffer
				tally, bar := &Tally{}, NewProgress(&screen)
				tally.Start(test.blobs.source(4, true))
				tally.source.Waiting = func() (string, int, string) { return "", 0, "" }
				bar.Start(tally)
				tallied(tally, passed)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				bar.Close()
				if !strings.Contains(screen.String(), test.want) {
					t.Errorf("got %q\nwant %q in it", screen.String(), test.want)
				}
			})
		})
	}
}
