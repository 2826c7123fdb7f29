package imagelist

import (
	"strings"
	"testing"
	"unicode"
)

var (
	digest256 = "sha256:" + strings.Repeat("0123456789abcdef", 4)
	digest512 = "sha512:" + strings.Repeat("0123456789abcdef", 8)
)

func TestParseLine(t *testing.T) {
	corp := Options{Destination: "registry.corp.example"}
	project := Options{Destination: "registry.corp.example", DefaultProject: "library"}
	source := Options{Source: "mirror.example:5000"}
	mirror := Options{Destination: "r.corp/mirror", DefaultProject: "library"}
	cache := Options{Source: "cache.corp/hub"}
	alone := Options{DestinationOnly: true, DefaultProject: "library"}
	aloneAtCorp := Options{DestinationOnly: true, Destination: "registry.corp.example", DefaultProject: "library"}
	long := strings.Repeat("a", 255)
	for _, test := range []struct {
		name        string
		line        string
		options     Options
		source      string
		destination string
		tag         string
	}{
		// SOURCE DESTINATION TAG.
		{"Hangar's example", "hello-world library/hello-world latest", corp,
			"docker.io/library/hello-world", "registry.corp.example/library/hello-world", "latest"},
		{"with registries", "docker.io/library/nginx registry.corp.example/library/nginx 1.27", Options{},
			"docker.io/library/nginx", "registry.corp.example/library/nginx", "1.27"},
		{"tabs and more spaces", " \ta/b\t\tr.io/a/b  1.0 \t", Options{}, "docker.io/a/b", "r.io/a/b", "1.0"},
		{"a carriage return", "a/b r.io/a/b 1.0\r", Options{}, "docker.io/a/b", "r.io/a/b", "1.0"},
		{"nested", "r.io/a/b/c r.io:443/x/y/z 1", Options{}, "r.io/a/b/c", "r.io:443/x/y/z", "1"},
		{"deeply nested without a registry", "a/b/c/d r.io/a/b/c/d 1", Options{}, "docker.io/a/b/c/d", "r.io/a/b/c/d", "1"},
		{"localhost", "localhost/x localhost:5000/x 1", Options{}, "localhost/x", "localhost:5000/x", "1"},
		{"IPv4", "127.0.0.1/x 10.0.0.1:5000/x 1", Options{}, "127.0.0.1/x", "10.0.0.1:5000/x", "1"},
		{"IPv6", "[::1]:5000/x [2001:db8::1]/a/x 1", Options{}, "[::1]:5000/x", "[2001:db8::1]/a/x", "1"},
		{"a host with a port and no dot", "registry:5000/x harbor:443/a/x 1", Options{}, "registry:5000/x", "harbor:443/a/x", "1"},
		{"a registry in upper case", "Quay.IO/a/b R.io/a/b 1", Options{}, "quay.io/a/b", "r.io/a/b", "1"},
		{"localhost in upper case", "LOCALHOST/x Localhost:5000/x 1", Options{}, "localhost/x", "localhost:5000/x", "1"},
		{"IPv6 in upper case", "[2001:DB8::1]/x [::FFFF:7F00:1]:5000/x 1", Options{}, "[2001:db8::1]/x", "[::ffff:7f00:1]:5000/x", "1"},
		{"names with separators", "a.b/c_d/e__f/g-h/i--j r.io/0/1 1", Options{}, "a.b/c_d/e__f/g-h/i--j", "r.io/0/1", "1"},
		{"as long as names may be", "r.io/" + long + " r.io/a/" + long[2:] + " 1", Options{}, "r.io/" + long, "r.io/a/" + long[2:], "1"},

		// At Docker Hub, sources with one component are below library/.
		{"library/ is implied", "nginx r.io/a/nginx 1", Options{}, "docker.io/library/nginx", "r.io/a/nginx", "1"},
		{"library/ is implied with docker.io", "docker.io/nginx r.io/a/nginx 1", Options{}, "docker.io/library/nginx", "r.io/a/nginx", "1"},
		{"library/ is implied with the other names of Docker Hub", "index.docker.io/nginx registry-1.docker.io/a/nginx 1", Options{}, "docker.io/library/nginx", "docker.io/a/nginx", "1"},
		{"library/ is implied with a name of Docker Hub in upper case", "Index.Docker.IO/nginx r.io/a/nginx 1", Options{}, "docker.io/library/nginx", "r.io/a/nginx", "1"},
		{"no library/ at other registries", "quay.io/nginx r.io/a/nginx 1", Options{}, "quay.io/nginx", "r.io/a/nginx", "1"},
		{"no library/ below a project", "rancher/rancher r.io/a/b 1", Options{}, "docker.io/rancher/rancher", "r.io/a/b", "1"},
		{"no library/ for destinations", "nginx docker.io/nginx 1", Options{}, "docker.io/library/nginx", "docker.io/nginx", "1"},
		{"no library/ for destinations without a registry", "nginx nginx 1", Options{}, "docker.io/library/nginx", "docker.io/nginx", "1"},

		// The default project is for destinations with one component.
		{"default project", "nginx r.io/nginx 1", project, "docker.io/library/nginx", "registry.corp.example/library/nginx", "1"},
		{"default project without a registry", "nginx nginx 1", Options{DefaultProject: "mirrors"}, "docker.io/library/nginx", "docker.io/mirrors/nginx", "1"},
		{"default project of two components", "nginx r.io/nginx 1", Options{DefaultProject: "a/b"}, "docker.io/library/nginx", "r.io/a/b/nginx", "1"},
		{"no default project below a project", "nginx r.io/a/nginx 1", project, "docker.io/library/nginx", "registry.corp.example/a/nginx", "1"},
		{"no default project for sources", "quay.io/nginx r.io/nginx 1", project, "quay.io/nginx", "registry.corp.example/library/nginx", "1"},

		// Nobody asks the source.
		{"the destination itself", "registry.corp.example/nginx:1.27", alone, "", "registry.corp.example/nginx", "1.27"},
		{"the destination itself, by digest", "r.io/a/nginx@" + digest256, alone, "", "r.io/a/nginx", digest256},
		{"the destination itself, at Docker Hub", "nginx", alone, "", "docker.io/library/nginx", "latest"},
		{"one word at the destination's registry", "nginx:1.27", aloneAtCorp, "docker.io/library/nginx", "registry.corp.example/library/nginx", "1.27"},
		{"three words, though nobody asks the source", "nginx r.io/nginx 1", alone, "docker.io/library/nginx", "r.io/library/nginx", "1"},
		{"what is no source", "- r.io/a/nginx 1", alone, "", "r.io/a/nginx", "1"},

		// The registries of the options replace or add the registry.
		{"a source registry is added", "a/b r.io/a/b 1", source, "mirror.example:5000/a/b", "r.io/a/b", "1"},
		{"a source registry replaces another", "quay.io/a/b r.io/a/b 1", source, "mirror.example:5000/a/b", "r.io/a/b", "1"},
		{"a source registry replaces docker.io, and library/ is not added", "nginx r.io/a/b 1", source, "mirror.example:5000/nginx", "r.io/a/b", "1"},
		{"the source registry docker.io", "quay.io/nginx r.io/a/b 1", Options{Source: "docker.io"}, "docker.io/library/nginx", "r.io/a/b", "1"},
		{"a destination registry is added", "a/b a/b 1", corp, "docker.io/a/b", "registry.corp.example/a/b", "1"},
		{"a destination registry replaces another", "a/b localhost:5000/a/b 1", corp, "docker.io/a/b", "registry.corp.example/a/b", "1"},
		{"registries in upper case", "a/b c/d 1", Options{Source: "S.io", Destination: "D.IO:5000"}, "s.io/a/b", "d.io:5000/c/d", "1"},
		{"another name of Docker Hub as the source registry", "quay.io/nginx r.io/a/b 1", Options{Source: "index.docker.io"}, "docker.io/library/nginx", "r.io/a/b", "1"},
		{"both registries and a project", "quay.io/a/b r.io/c 1", Options{Source: "s.io", Destination: "d.io", DefaultProject: "p"}, "s.io/a/b", "d.io/p/c", "1"},

		// A prefix stands before the path of the list.
		{"a destination with a prefix", "rancher/x rancher/x 1", mirror, "docker.io/rancher/x", "r.corp/mirror/rancher/x", "1"},
		{"a prefix is the project", "nginx nginx 1", mirror, "docker.io/library/nginx", "r.corp/mirror/nginx", "1"},
		{"a prefix replaces the registry alone", "quay.io/a/b q.io:5000/a/b 1", mirror, "quay.io/a/b", "r.corp/mirror/a/b", "1"},
		{"a prefix of two components", "a/b a/b 1", Options{Destination: "r.corp:443/x/y"}, "docker.io/a/b", "r.corp:443/x/y/a/b", "1"},
		{"a prefix and one word", "nginx:1.27", mirror, "docker.io/library/nginx", "r.corp/mirror/nginx", "1.27"},
		{"a prefix at a registry that does not look like one", "a/b a/b 1", Options{Destination: "mirror/x"}, "docker.io/a/b", "mirror/x/a/b", "1"},
		{"a destination that has the prefix already", "nginx r.corp/mirror/nginx 1", mirror, "docker.io/library/nginx", "r.corp/mirror/nginx", "1"},
		{"a path like the prefix at another registry", "nginx q.io/mirror/nginx 1", mirror, "docker.io/library/nginx", "r.corp/mirror/mirror/nginx", "1"},
		{"a path that begins with the letters of the prefix", "nginx r.corp/mirrors/nginx 1", mirror, "docker.io/library/nginx", "r.corp/mirror/mirrors/nginx", "1"},
		{"a cache of Docker Hub", "nginx r.io/a/b 1", cache, "cache.corp/hub/library/nginx", "r.io/a/b", "1"},
		{"a cache of Docker Hub, and docker.io in the list", "docker.io/nginx r.io/a/b 1", cache, "cache.corp/hub/library/nginx", "r.io/a/b", "1"},
		{"a cache, and another registry in the list", "quay.io/nginx r.io/a/b 1", cache, "cache.corp/hub/nginx", "r.io/a/b", "1"},
		{"a cache, and a project", "rancher/x r.io/a/b 1", cache, "cache.corp/hub/rancher/x", "r.io/a/b", "1"},
		{"a source that has the prefix already", "cache.corp/hub/library/nginx r.io/a/b 1", cache, "cache.corp/hub/library/nginx", "r.io/a/b", "1"},

		// Tags and digests.
		{"a tag of every kind of character", "a/b r.io/a/b _v1.0-RC.1_x", Options{}, "docker.io/a/b", "r.io/a/b", "_v1.0-RC.1_x"},
		{"as long as tags may be", "a/b r.io/a/b " + long[:128], Options{}, "docker.io/a/b", "r.io/a/b", long[:128]},
		{"sha256", "a/b r.io/a/b " + digest256, Options{}, "docker.io/a/b", "r.io/a/b", digest256},
		{"sha512", "a/b r.io/a/b " + digest512, Options{}, "docker.io/a/b", "r.io/a/b", digest512},
		{"a tag and a digest as the third word", "a/b r.io/a/b 1@" + digest256, Options{}, "docker.io/a/b", "r.io/a/b", "1@" + digest256},

		// A line with one word is Hangar's newer format.
		{"a name", "nginx", project, "docker.io/library/nginx", "registry.corp.example/library/nginx", "latest"},
		{"a name without a default project", "nginx", corp, "docker.io/library/nginx", "registry.corp.example/nginx", "latest"},
		{"a name and a tag", "nginx:1.27", project, "docker.io/library/nginx", "registry.corp.example/library/nginx", "1.27"},
		{"a project", "rancher/rancher:v2.8", project, "docker.io/rancher/rancher", "registry.corp.example/rancher/rancher", "v2.8"},
		{"a registry", "quay.io/a/b/c:1", project, "quay.io/a/b/c", "registry.corp.example/a/b/c", "1"},
		{"a port is no tag", "localhost:5000/x", project, "localhost:5000/x", "registry.corp.example/library/x", "latest"},
		{"a port and a tag", "localhost:5000/x:1", project, "localhost:5000/x", "registry.corp.example/library/x", "1"},
		{"a tag like a port", "localhost:5000", project, "docker.io/library/localhost", "registry.corp.example/library/localhost", "5000"},
		{"an IPv6 registry", "[::1]:5000/x", corp, "[::1]:5000/x", "registry.corp.example/x", "latest"},
		{"an IPv6 registry and a tag", "[::1]:5000/x:1", corp, "[::1]:5000/x", "registry.corp.example/x", "1"},
		{"a digest", "a/b@" + digest256, corp, "docker.io/a/b", "registry.corp.example/a/b", digest256},
		{"a long digest", "a/b@" + digest512, corp, "docker.io/a/b", "registry.corp.example/a/b", digest512},
		{"a tag and a digest", "nginx:1.27@" + digest256, project, "docker.io/library/nginx", "registry.corp.example/library/nginx", "1.27@" + digest256},
		{"a digest behind a port", "localhost:5000/x@" + digest256, corp, "localhost:5000/x", "registry.corp.example/x", digest256},
		{"a word with a source registry", "quay.io/a/b:1", Options{Source: "s.io", Destination: "d.io"}, "s.io/a/b", "d.io/a/b", "1"},
		{"a word between spaces", "\t nginx:1 ", corp, "docker.io/library/nginx", "registry.corp.example/nginx", "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseLine(test.line, test.options)
			if want := (Image{Source: test.source, Destination: test.destination, Tag: test.tag}); err != nil || got != want {
				t.Errorf("%q\ngot  %+v, %v\nwant %+v", test.line, got, err, want)
			}
		})
	}
}

// TestParsePair reads lines of two words, each of which may have its own tag and
// digest.
func TestParsePair(t *testing.T) {
	for _, test := range []struct{ line, tag, sourceTag string }{
		{"a/b:1 r.io/a/b:2", "2", "1"},
		{"a/b:1 r.io/a/b:1", "1", ""},
		{"a/b:1 r.io/a/b", "1", ""},
		{"a/b r.io/a/b:1", "1", ""},
		{"a/b@" + digest256 + " r.io/a/b:1", "1", digest256},
		{"a/b:1 r.io/a/b@" + digest256, digest256, "1"},
		{"a/b@" + digest256 + " r.io/a/b@" + digest256, digest256, ""},
		{"a/b:1@" + digest256 + " r.io/a/b", "1", "1@" + digest256},
		{"a/b r.io/a/b:1@" + digest256, "1@" + digest256, "1"},
		{"a/b:1@" + digest256 + " r.io/a/b:2@" + digest512, "2@" + digest512, "1@" + digest256},
		{"a/b:1=r.io/a/b:2", "2", "1"},
		{"a/b:1=r.io/a/b", "1", ""},
		{"a/b@" + digest256 + "=r.io/a/b:1", "1", digest256},
		{"docker://a/b:1 docker://r.io/a/b:2", "2", "1"},
		{"docker://a/b:1=docker://r.io/a/b:2", "2", "1"},
		{"a/b:1\t docker://r.io/a/b \r", "1", ""},
	} {
		want := Image{Source: "docker.io/a/b", Destination: "r.io/a/b", Tag: test.tag, SourceTag: test.sourceTag}
		got, err := ParseLine(test.line, Options{})
		if err != nil || got != want {
			t.Errorf("%q\ngot  %+v, %v\nwant %+v", test.line, got, err, want)
		}
		if again, err := ParseLine(got.WrittenLine(), Options{}); err != nil || again != want {
			t.Errorf("%q is written as %q, and read again as %+v, %v", test.line, got.WrittenLine(), again, err)
		}
	}
	o := Options{Source: "cache.corp/hub", Destination: "r.corp/mirror", DefaultProject: "library"}
	got, err := ParseLine("nginx:1 q.io/web:2", o)
	if want := (Image{Source: "cache.corp/hub/library/nginx", Destination: "r.corp/mirror/web", Tag: "2", SourceTag: "1"}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if again, err := ParseLine(got.WrittenLine(), o); err != nil || again != got {
		t.Errorf("%q is read again as %+v, %v", got.WrittenLine(), again, err)
	}
}

// TestReplace shows what stays as it is.
func TestReplace(t *testing.T) {
	image := Image{Source: "docker.io/a/b", Destination: "mirror/a/b", Tag: "2", SourceTag: "1", Line: "the line", LineNumber: 7, Number: 3, List: "l"}
	for _, test := range []struct {
		source, destination, tag string
		want                     string // as WrittenLine has it, or a part of the error
	}{
		{"", "", "", "docker.io/a/b:1 mirror:443/a/b:2"}, // a list would take "mirror" for a project
		{"cache.io/a/b", "", "", "cache.io/a/b:1 mirror:443/a/b:2"},
		{"nginx", "", "", "docker.io/library/nginx:1 mirror:443/a/b:2"},
		{"cache.io/a/b:3", "", "", "cache.io/a/b:3 mirror:443/a/b:2"},
		{"docker://Cache.IO/a/b@" + digest256, "", "", "cache.io/a/b@" + digest256 + " mirror:443/a/b:2"},
		{"", "other.io/a/b", "", "docker.io/a/b:1 other.io/a/b:2"},
		{"", "other.io/a/b:1", "", "docker.io/a/b other.io/a/b 1"},
		{"", "", "3", "docker.io/a/b mirror:443/a/b 3"},
		{"", "mirror/c:4", "", "docker.io/a/b:1 mirror:443/c:4"},
		{"mirror/c", "", "", "docker.io/mirror/c:1 mirror:443/a/b:2"},
		{"", "other.io/a/b", "3@" + digest256, "docker.io/a/b other.io/a/b 3@" + digest256},
		{"a//b", "", "", `source "a//b": a part between two slashes is empty`},
		{"", "other.io/a/b:1", "3", `destination "other.io/a/b:1": a repository has no tag or digest`},
		{"", "", "-3", `tag "-3": want`},
		{"", strings.Repeat("a", 256), "", "more than 255"},
	} {
		got, err := image.Replace(test.source, test.destination, test.tag, Options{})
		if err != nil {
			if !strings.Contains(err.Error(), test.want) || got != (Image{}) {
				t.Errorf("%+v: got %+v, %v", test, got, err)
			}
			continue
		}
		if got.WrittenLine() != test.want || got.Line != "the line" || got.LineNumber != 7 || got.Number != 3 || got.List != "l" {
			t.Errorf("%+v: got %+v", test, got)
		}
	}
}

func TestLengthWithProject(t *testing.T) {
	long := strings.Repeat("a", 250)
	if image, err := ParseLine(long, Options{Destination: "r.io", DefaultProject: "library"}); err == nil {
		if _, err := New(image.Source, image.Destination, image.Tag, Options{}); err != nil {
			t.Errorf("ParseLine accepted a name that is not valid: %v", err)
		}
	}
}

func TestParseBadLine(t *testing.T) {
	corp := Options{Destination: "registry.corp.example"}
	hints := Options{Hints: Hints{Destination: "ONE THING", PlainHTTP: "ANOTHER"}}
	long := strings.Repeat("a", 256)
	for _, test := range []struct {
		name, line string
		options    Options
		want       string // a part of the error message
	}{
		{"two words without a tag", "nginx 1.27", corp, "the tag is missing: write SOURCE:TAG DESTINATION:TAG, or SOURCE DESTINATION TAG"},
		{"two words with an equals sign and no tag", "a/b=r.io/a/b", corp, "the tag is missing: write SOURCE:TAG"},
		{"a source's digest is not the destination's", "a/b@" + digest256 + " r.io/a/b", corp, `destination "r.io/a/b": the tag is missing`},
		{"a destination's digest is not the source's", "a/b r.io/a/b@" + digest256, corp, `source "a/b": the tag is missing`},
		{"two words of which the first is wrong", "a//b:1 r.io/a/b", corp, `source "a//b:1": a part between two slashes is empty`},
		{"two words of which the second is wrong", "a/b:1 r.io/A", corp, `destination "r.io/A": "A": a repository is written in lower case`},
		{"nothing before an equals sign", "=r.io/a/b:1", corp, `source "": the name is missing`},
		{"two equals signs", "a/b:1=r.io/a/b=1", corp, `destination "r.io/a/b=1": "b=1": a repository has lower-case letters`},
		{"https in two words", "https://r.io/a/b:1 r.io/a/b", corp, "leave out the scheme"},
		{"two transports", "docker://docker://a/b:1 r.io/a/b", corp, "leave out the scheme"},
		{"a transport in three words", "docker://a/b r.io/a/b 1", hints, `source "docker://a/b": leave out the scheme docker://`},
		{"two tags in a word", "nginx:1:2", corp, `image "nginx:1:2": there are two tags: want NAME:TAG`},
		{"a digest after a colon", "a/b:" + digest256 + " r.io/a/b:1", corp, `a digest follows an @: "a/b@sha256:`},
		{"a tag and a short digest", "a/b r.io/a/b 1@" + digest256[:70], corp, "want sha256: and 64"},
		{"a digest and a tag as the third word", "a/b r.io/a/b " + digest256 + "@1", corp, "want up to 128"},
		{"no tag before the @", "a/b r.io/a/b @" + digest256, corp, `tag "": want up to 128`},
		{"four words", "a/b r.io/a/b 1 2", corp, "this has 4 words"},
		{"a comment at the end of the line", "a/b r.io/a/b 1 # later", corp, "this has 5 words"},
		{"no word", " ", corp, "this has 0 words"},
		{"no destination, where nobody asks the source", "- R.io/X 1", Options{DestinationOnly: true}, `destination "R.io/X": "X": a repository is written in lower case`},
		{"a long name, where nobody asks the source", "r.io/" + long, Options{DestinationOnly: true}, "more than 255"},
		{"a word without a destination", "nginx:1.27", Options{}, "needs the destination's registry: write SOURCE DESTINATION TAG"},
		{"a word without a destination, and a hint", "nginx:1.27", hints, "needs the destination's registry: give ONE THING, or write SOURCE DESTINATION TAG"},

		// The error names the word that is wrong.
		{"bad source", "a//b r.io/a/b 1", corp, `source "a//b": a part between two slashes is empty`},
		{"bad destination", "a/b r.io/a//b 1", corp, `destination "r.io/a//b": a part between two slashes is empty`},
		{"bad tag", "a/b r.io/a/b 1..:2", corp, `digest "1..:2": want sha256: and 64`},
		{"bad word", "a//b:1", corp, `image "a//b:1": a part between two slashes is empty`},

		{"https", "https://r.io/a/b r.io/a/b 1", corp, `source "https://r.io/a/b": leave out the scheme`},
		{"http, and a hint", "http://r.io/a/b r.io/a/b 1", hints, "leave out the scheme; for plain HTTP give ANOTHER"},
		{"http in a destination, and a hint", "a/b http://r.io/a/b 1", hints, "leave out the scheme; for plain HTTP give ANOTHER"},
		{"https, which needs no hint for http", "https://r.io/a/b r.io/a/b 1", hints, "leave out the scheme"},
		{"http in a destination", "a/b http://r.io/a/b 1", corp, `destination "http://r.io/a/b": leave out the scheme`},
		{"docker:// in a word", "docker://nginx:1", corp, "leave out the scheme"},
		{"a slash at the beginning", "/a/b r.io/a/b 1", corp, "a part between two slashes is empty"},
		{"a slash at the end", "a/b/ r.io/a/b 1", corp, "a part between two slashes is empty"},
		{"a registry without a name", "a/b r.io/ 1", corp, "the name is missing"},
		{"upper case", "a/Nginx r.io/a/b 1", corp, `"Nginx": a repository is written in lower case`},
		{"upper case in the first component", "Rancher/rancher r.io/a/b 1", corp, `"Rancher": a repository is written in lower case`},
		{"upper case in a word", "NGINX:1.27", corp, "written in lower case"},
		{"another alphabet", "a/ж r.io/a/b 1", corp, "a repository has lower-case letters and digits"},
		{"a separator at the beginning", "a/-b r.io/a/b 1", corp, `"-b": a repository has lower-case letters`},
		{"a separator at the end", "a/b_ r.io/a/b 1", corp, "a repository has lower-case letters"},
		{"two dots", "a/b..c r.io/a/b 1", corp, "a repository has lower-case letters"},
		{"three underscores", "a/b___c r.io/a/b 1", corp, "a repository has lower-case letters"},
		{"a component ..", "a/../b r.io/a/b 1", corp, `"..": a repository has lower-case letters`},
		{"a query", "a/b?x r.io/a/b 1", corp, "a repository has lower-case letters"},
		{"256 characters", "r.io/" + long + " r.io/a/b 1", corp, "has 256 characters, more than 255"},
		{"256 characters in a word", "r.io/" + long, corp, "has 256 characters, more than 255"},
		{"a tag in the source", "a/b:1 r.io/a/b 1", corp, "a repository has no tag or digest: that is the third word"},
		{"a digest in the destination", "a/b r.io/a/b@" + digest256 + " 1", corp, "a repository has no tag or digest"},

		{"no port", "r.io:/a r.io/a/b 1", corp, `"r.io:" is no registry: want HOST or HOST:PORT`},
		{"a port of letters", "r.io:http/a r.io/a/b 1", corp, "is no registry"},
		{"a port of six digits", "r.io:123456/a r.io/a/b 1", corp, "is no registry"},
		{"a port that is too high", "r.io:65536/a r.io/a/b 1", corp, "ports go from 1 to 65535"},
		{"the port 0", "[::1]:0/a r.io/a/b 1", corp, "ports go from 1 to 65535"},
		{"a password", "me:secret@r.io/a r.io/a/b 1", corp, "is no registry"},
		{"a hyphen at the beginning", "-r.io/a r.io/a/b 1", corp, "is no registry"},
		{"an open bracket", "[::1/a r.io/a/b 1", corp, "is no registry"},

		{"129 characters", "a/b r.io/a/b " + long[:129], corp, "want up to 128 letters, digits, _ . - and neither . nor - first"},
		{"a dot at the beginning of a tag", "a/b r.io/a/b .1", corp, `tag ".1": want up to 128`},
		{"a hyphen at the beginning of a tag", "a/b r.io/a/b -1", corp, `tag "-1": want up to 128`},
		{"a plus", "a/b r.io/a/b 1+2", corp, `tag "1+2": want up to 128`},
		{"a slash in a tag", "a/b r.io/a/b x/y", corp, `tag "x/y": want up to 128`},
		{"no tag after the colon", "nginx:", corp, `image "nginx:": tag "": want`},
		{"no digest after the @", "nginx@", corp, `image "nginx@": digest "": want`},
		{"a short digest", "a/b r.io/a/b " + digest256[:70], corp, "want sha256: and 64, or sha512: and 128 hexadecimal digits"},
		{"a digest in upper case", "a/b r.io/a/b sha256:" + strings.ToUpper(digest256[7:]), corp, "want sha256: and 64"},
		{"sha512 with the length of sha256", "a/b r.io/a/b sha512:" + digest256[7:], corp, "want sha256: and 64"},
		{"md5", "nginx@md5:d41d8cd98f00b204e9800998ecf8427e", corp, "want sha256: and 64"},
		{"two digests", "a/b@" + digest256 + "@" + digest256, corp, "want sha256: and 64"},
		{"a bad tag beside a good digest", "a/b:.1@" + digest256, corp, `tag ".1": want`},
		{"an IPv6 registry alone", "[::1]", corp, `image "[::1]": tag "1]": want`},

		// A message must not write control characters of a list to a terminal, and must
		// not be too long.
		{"an escape sequence", "a/\x1b[31mb r.io/a/b 1", corp, `"\x1b[31mb"`},
		{"an escape sequence in a tag", "a/b r.io/a/b \x1b]0;x\x07", corp, `tag "\x1b]0;x\a"`},
		{"text from right to left", "a/b\u202ec r.io/a/b 1", corp, `\u202e`},
		{"not UTF-8", "a/b\xff r.io/a/b 1", corp, `\xff`},
		{"a NUL", "a/b\x00 r.io/a/b 1", corp, `\x00`},
		{"a word of a megabyte", strings.Repeat("A", 1<<20), corp, `AAA"… (1048576 bytes)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseLine(test.line, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%.200q\ngot  %+v, %v\nwant %s", test.line, got, err, test.want)
			}
			if strings.HasSuffix(err.Error(), " ") || strings.Contains(err.Error(), "give ,") {
				t.Errorf("a hint that is empty: %q", err)
			}
			if strings.Contains(err.Error(), "plain HTTP") && !strings.Contains(test.line, "http://") {
				t.Errorf("a hint about another scheme: %q", err)
			}
			if got != (Image{}) {
				t.Errorf("an image and an error: %+v", got)
			}
			if len(err.Error()) > 500 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not fit for a terminal: %q", err)
			}
		})
	}
}

// TestTags shows what each side is asked for, and how an image is written, by the
// tags of its line.
func TestTags(t *testing.T) {
	other := "sha256:" + strings.Repeat("f", 64)
	for _, test := range []struct {
		tag, sourceTag                               string
		sourceLookup, destinationLookup, digest      string
		sourceName                                   string
		sourceReference, destinationReference, lines string
	}{
		{"1", "", "1", "1", "", "1", "a.io/a:1", "b.io/b:1", "a.io/a b.io/b 1"},
		{digest256, "", digest256, digest256, "", digest256, "a.io/a@" + digest256, "b.io/b@" + digest256, "a.io/a b.io/b " + digest256},
		{"1@" + digest256, "", digest256, "1", digest256, "1", "a.io/a:1@" + digest256, "b.io/b:1@" + digest256, "a.io/a b.io/b 1@" + digest256},
		{"2", "1", "1", "2", "", "1", "a.io/a:1", "b.io/b:2", "a.io/a:1 b.io/b:2"},
		{"1", digest256, digest256, "1", "", digest256, "a.io/a@" + digest256, "b.io/b:1", "a.io/a@" + digest256 + " b.io/b:1"},
		{"1", "1@" + digest256, digest256, "1", "", "1", "a.io/a:1@" + digest256, "b.io/b:1", "a.io/a:1@" + digest256 + " b.io/b:1"},
		{"2@" + other, "1@" + digest256, digest256, "2", other, "1", "a.io/a:1@" + digest256, "b.io/b:2@" + other, "a.io/a:1@" + digest256 + " b.io/b:2@" + other},
	} {
		image := Image{Source: "a.io/a", Destination: "b.io/b", Tag: test.tag, SourceTag: test.sourceTag}
		for _, got := range [][3]string{
			{"SourceLookup", image.SourceLookup(), test.sourceLookup},
			{"DestinationLookup", image.DestinationLookup(), test.destinationLookup},
			{"Digest", image.Digest(), test.digest},
			{"SourceName", image.SourceName(), test.sourceName},
			{"SourceReference", image.SourceReference(), test.sourceReference},
			{"DestinationReference", image.DestinationReference(), test.destinationReference},
			{"WrittenLine", image.WrittenLine(), test.lines},
		} {
			if got[1] != got[2] {
				t.Errorf("%s %s: %s is %q, want %q", test.sourceTag, test.tag, got[0], got[1], got[2])
			}
		}
	}
	if s := (Image{Destination: "localhost:5000/nginx", Tag: "1.27"}).SourceReference(); s != "" {
		t.Errorf("got %s of a line without a source", s)
	}
}

func TestCheckOptions(t *testing.T) {
	for _, test := range []struct {
		options Options
		want    string // a part of the error message; "" means no error
	}{
		{Options{}, ""},
		{Options{Source: "docker.io", Destination: "localhost:5000", DefaultProject: "library"}, ""},
		{Options{Source: "[::1]:5000", Destination: "10.0.0.1", DefaultProject: "a/b"}, ""},
		{Options{Source: "https://docker.io"}, `source: "https://docker.io" is no registry: want HOST or HOST:PORT, with or without a /PREFIX, and no scheme`},
		{Options{Source: "r.io/project", Destination: "[::1]:5000/a/b-c"}, ""},
		{Options{Destination: "r.io/Project"}, `destination: "r.io/Project": "Project": a repository is written in lower case`},
		{Options{Destination: "r.io/"}, `destination: "r.io/": leave out the slash at the end`},
		{Options{Destination: "r.io/a/"}, `destination: "r.io/a/": leave out the slash at the end`},
		{Options{Destination: "r.io/project:1"}, `destination: "r.io/project:1": a prefix has no tag or digest`},
		{Options{Source: "/project"}, `source: "/project" is no registry: want HOST or HOST:PORT, with or without a /PREFIX`},
		{Options{Destination: "r.io:"}, `destination: "r.io:" is no registry`},
		{Options{Destination: " r.io"}, `destination: " r.io" is no registry`},
		{Options{DefaultProject: "Library"}, `project "Library": "Library": a repository is written in lower case`},
		{Options{DefaultProject: "a/"}, `project "a/": a part between two slashes is empty`},
		{Options{DefaultProject: "a:b"}, `project "a:b": a project has no tag or digest`},
	} {
		if err := test.options.Check(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %q", test.options, err, test.want)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, line := range []string{
		"hello-world library/hello-world latest", "docker.io/library/nginx r.io/nginx 1.27", "\ta/b  r.io/a/b\t" + digest256 + "\r", "nginx", "nginx:1.27",
		"a/b:1 r.io/a/b:2", "docker://a/b@" + digest256 + "=r.io/a/b:1", "a/b r.io/a/b 1@" + digest256, "Index.Docker.io/a r.IO/b:1", "localhost:5000/x:1", "[::1]:5000/x", "a/b:1@" + digest512, "quay.io/x:1 y", "mirror:443/a/b/c:1 reg:443/b/c", "a/b c", "https://r.io/a", "A/b", "a//b r.io/a 1", "a/b r.io/a/b \x1b[31m", "\u00a0a/b", "",
	} {
		f.Add(line, "", "", "")
		f.Add(line, "s.io", "d.io:5000", "library")
		f.Add(line, "S.io/a", "d.io:5000/b/c", "library")
		f.Add(line, "mirror", "reg/b", "library")
		f.Add(line, "mirror/a", "reg", "library")
	}
	f.Fuzz(func(t *testing.T, line, source, destination, project string) {
		o := Options{Source: source, Destination: destination, DefaultProject: project}
		if o.Check() != nil {
			o = Options{Destination: "d.io"}
		}
		image, err := ParseLine(line, o)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not fit for a terminal: %q", err)
			}
			return
		}
		for _, field := range []string{image.Source, image.Destination, image.Tag} {
			if field == "" || strings.ContainsFunc(field, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q: bad field %q", line, field)
			}
		}
		// The names in the image are complete, so reading them again changes nothing.
		// There is one exception: the registry of an option need not look like a registry.
		// Only with the same options it is known again.
		known := []Options{{}, o}
		for _, name := range []string{image.Source, image.Destination} {
			registry, path, _ := strings.Cut(name, "/")
			if len(path) > 255 {
				return
			}
			if !looksLikeRegistry(registry) {
				known = []Options{o}
			}
		}
		for _, options := range known {
			again, err := ParseLine(image.WrittenLine(), options)
			if err != nil || again != image {
				t.Errorf("%q\ngot   %+v\nagain %+v, %v", line, image, again, err)
			}
		}
		if len(known) == 1 {
			return
		}
		word, err := ParseLine(image.SourceReference(), Options{Destination: "d.io"})
		if sourceTag, _ := image.WrittenTags(); err != nil || word.Source != image.Source || word.Tag != sourceTag {
			t.Errorf("%q\ngot   %+v\nagain %+v, %v", line, image, word, err)
		}
	})
}
