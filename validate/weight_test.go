package validate

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestWeight shows that a document takes no more memory than Weight says, whatever it
// consists of, and that usual documents weigh little.
func TestWeight(t *testing.T) {
	const size = 256 << 10
	repeat := func(before, part, after string) string {
		return before + strings.TrimSuffix(strings.Repeat(part+",", size/(len(part)+1)), ",") + after
	}
	distinct := func(before, after string) string { // fields of different short names
		var fields strings.Builder
		for i := 0; fields.Len() < size; i++ {
			fmt.Fprintf(&fields, `,"%x":""`, i)
		}
		return before + fields.String()[1:] + after
	}
	digest := number("layer", 0)
	entry := `{"mediaType":"","digest":"` + digest + `","size":1}`
	config := `{"config":{"digest":"` + digest + `"},`
	list := `{"schemaVersion":2,"manifests":[`
	for _, test := range []struct{ name, body string }{
		{"empty entries", repeat(list, `{}`, `]}`)},
		{"entries that are null", repeat(list, `null`, `]}`)},
		{"entries", repeat(list, entry, `]}`)},
		{"empty platforms", repeat(list, `{"platform":{}}`, `]}`)},
		{"features", repeat(list+`{"digest":"`+digest+`","platform":{"os.features":[`, `""`, `]}}]}`)},
		{"URLs", repeat(config+`"layers":[{"digest":"`+digest+`","urls":[`, `null`, `]}]}`)},
		{"layers", repeat(config+`"layers":[`, entry, `]}`)},
		{"annotations of one letter", distinct(config+`"annotations":{`, `}}`)},
		{"one long annotation", config + `"annotations":{"a":"` + strings.Repeat("a", size) + `"}}`},
		{"data", config + `"layers":[{"digest":"` + digest + `","data":"` + strings.Repeat("aaaa", size/4) + `"}]}`},
		{"a text without an end", `{"mediaType":"` + strings.Repeat(`\"`, size/2)},
		{"nested too deep", strings.Repeat("[", size)},
		{"entries behind too deep ones", `{"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `,` + repeat(`"manifests":[`, `null`, `]}`)},
		{"schema 1", repeat(`{"schemaVersion":1,"fsLayers":[`, `{}`, `],"history":[{}]}`)},
		{"diff IDs", repeat(`{"rootfs":{"diff_ids":[`, `""`, `]}}`)},
		{"labels", distinct(`{"config":{"Labels":{`, `}}}`)},
		{"ports", repeat(`{"config":{"ExposedPorts":{`, `"1":{}`, `}}}`)},
		{"variables", repeat(`{"config":{"Env":[`, `"a"`, `]}}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := []byte(test.body)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			// What is refused was in memory all the same, so the parser's own step is measured.
			var d document
			manifestErr := parseJSON(body, &d)
			var c Config
			configErr := parseJSON(body, &c)
			m, _ := ParseManifest(TypeOCIManifest, "sha256", body)
			runtime.GC()
			runtime.ReadMemStats(&after)
			took := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			if weight := Weight(body); took > 2*weight+64<<10 { // two of the results hold the document
				t.Errorf("took %d bytes, weighs %d, of %d (%v, %v)", took, weight, len(body), manifestErr, configErr)
			} else {
				t.Logf("%d bytes take %d, weigh %d (%v, %v)", len(body), took, weight, manifestErr, configErr)
			}
			runtime.KeepAlive(&d)
			runtime.KeepAlive(&c)
			runtime.KeepAlive(m)
		})
	}
	usual := config + `"layers":[` + strings.TrimSuffix(strings.Repeat(entry+",", 12), ",") + `]}`
	if weight := Weight([]byte(usual)); weight > 16<<10 {
		t.Errorf("a manifest of 12 layers weighs %d", weight)
	}
}
