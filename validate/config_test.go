package validate

import "testing"

// FuzzParseConfig looks for a config that differs from itself. It also looks for two
// configs that differ if the first is compared with the second, but not the other way
// round.
func FuzzParseConfig(f *testing.F) {
	for _, test := range contentTests {
		for _, n := range []node{test.source, test.destination} {
			if n.config != "" {
				f.Add(n.configBody(), app.configBody())
			}
		}
	}
	f.Add([]byte(`{"config":{"Cmd":"a","Env":["A"],"Healthcheck":{"Test":null},"ExposedPorts":{"1":null}},"rootfs":null}`), []byte(`null`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, err := ParseConfig(a)
		if err != nil {
			return
		}
		if how := first.Runtime.differences(first.Runtime, first.OS); how != nil {
			t.Errorf("differs from itself: %s", how)
		}
		second, err := ParseConfig(b)
		if err != nil {
			return
		}
		one, other := first.Runtime.differences(second.Runtime, "windows"), second.Runtime.differences(first.Runtime, "windows")
		if len(one) != len(other) {
			t.Errorf("one way %q, the other way %q", one, other)
		}
	})
}
