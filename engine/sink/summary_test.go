package sink

import "testing"

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{1: "1 B", 987: "987 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: %q, want %q", bytes, got, want)
		}
	}
}
