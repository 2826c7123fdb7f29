package imagelist

import "testing"

// TestOwnDestination shows the destination of a line of one word where something else
// says from where nodes pull it: it has the name that nodes use.
func TestOwnDestination(t *testing.T) {
	for _, test := range []struct {
		line                string
		options             Options
		source, destination string
	}{
		{"nginx:1.27", Options{}, "docker.io/library/nginx", "docker.io/library/nginx"},
		{"nginx", Options{DefaultProject: "mirror"}, "docker.io/library/nginx", "docker.io/library/nginx"},
		{"r.example/nginx:1", Options{DefaultProject: "library"}, "r.example/nginx", "r.example/nginx"},
		{"nginx:1", Options{Source: "cache.example/hub"}, "cache.example/hub/library/nginx", "docker.io/library/nginx"},
		{"quay.io/a/b:1", Options{Source: "cache.example"}, "cache.example/a/b", "quay.io/a/b"},
		{"quay.io/a/b:1", Options{Destination: "d.example"}, "quay.io/a/b", "d.example/a/b"},
		{"quay.io/a/b d.example/b 1", Options{}, "quay.io/a/b", "d.example/b"},
		{"quay.io/a/b:1", Options{DestinationOnly: true}, "", "quay.io/a/b"},
	} {
		test.options.OwnDestination = true
		image, err := ParseLine(test.line, test.options)
		if err != nil || image.Source != test.source || image.Destination != test.destination {
			t.Errorf("%s: %+v, %v", test.line, image, err)
		}
	}
}
