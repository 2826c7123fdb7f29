package main

import (
	"runtime/debug"
	"testing"
)

func TestDescribeVersion(t *testing.T) {
	platform := []debug.BuildSetting{{Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "linux"}}
	built := func(more ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.0", Settings: append(more, platform...)}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	date := debug.BuildSetting{Key: "vcs.time", Value: "2026-11-25T10:11:12Z"}
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"a checkout", built(commit, date, debug.BuildSetting{Key: "vcs.modified", Value: "false"}),
			"mvrun 0.1.0\ncommit: 0123456789abcdef0123456789abcdef01234567\ndate:   2026-11-25T10:11:12Z\ngo:     go1.26.0 linux/arm64\n"},
		{"a changed checkout", built(commit, date, debug.BuildSetting{Key: "vcs.modified", Value: "true"}),
			"mvrun 0.1.0\ncommit: 0123456789abcdef0123456789abcdef01234567 with local changes\ndate:   2026-11-25T10:11:12Z\ngo:     go1.26.0 linux/arm64\n"},
		{"no version control", built(), "mvrun 0.1.0\ncommit: unknown\ndate:   unknown\ngo:     go1.26.0 linux/arm64\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := describeVersion(test.info); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
