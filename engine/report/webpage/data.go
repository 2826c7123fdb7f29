package webpage

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// table has the data of all images for the script of the page. It has an array for each
// field, because such arrays are several times smaller than an object for each image:
// equal words are numbers of a dictionary, and gzip finds equal numbers side by side.
// data.js reads it.
type table struct {
	rows int

	lists     dictionary
	names     dictionary // a source and a destination, one behind the other
	tags      dictionary
	templates dictionary // lines of the list, see abbreviate
	texts     dictionary // messages, reasons of scripts, warnings, hosts
	words     dictionary // statuses, reasons and matches
	terms     dictionary // rules and depth
	shapes    dictionary // the platforms of an image, without digests, in JSON

	// Nearly all images have the same few terms and shapes, which need not be written
	// again for each image.
	knownTerms  map[engine.Terms]int
	knownShapes map[string]int

	bytes int // of all texts

	columns map[string][]int // the numbers of all rows

	// Digests are those under the tags and of all platforms of a row: source,
	// destination, source, … The next row follows. "=" is the digest before it.
	digests []string

	// What few rows have. The key is the number of the row.
	missing, corrupt map[int][]any
	warnings         map[int][]int
	platformMessages map[int][]int
	morePlatforms    map[int]int // how many the page leaves out
	waived, rejected map[int]int
	started          time.Time
}

// A table shows so many objects, warnings and platforms of one image.
const (
	maxObjects   = 200
	maxWarnings  = 50
	maxPlatforms = 200
)

// tableOf returns the data of all images of an outcome.
func tableOf(outcome *results.Outcome) *table {
	t := &table{knownTerms: map[engine.Terms]int{}, knownShapes: map[string]int{}, columns: map[string][]int{}, missing: map[int][]any{}, corrupt: map[int][]any{}, warnings: map[int][]int{},
		platformMessages: map[int][]int{}, morePlatforms: map[int]int{}, waived: map[int]int{}, rejected: map[int]int{}, started: outcome.Summary.Started}
	for result := range outcome.Results() {
		t.add(result)
	}
	return t
}

// add adds a row.
func (t *table) add(r *engine.Result) {
	i := r.Image
	sourceTag, tag := i.WrittenTags()
	set := func(column string, value int) { t.columns[column] = append(t.columns[column], value) }
	set("list", t.lists.at(visible(i.List)))
	set("number", i.Number)
	set("lineNumber", i.LineNumber)
	set("part", i.Part)
	set("name", t.names.at(visible(i.Source), visible(i.Destination)))
	set("tag", t.tags.at(visible(tag)))
	set("sourceTag", t.tags.at(visible(sourceTag)))
	set("template", t.templates.at(abbreviate(lineOf(i), i)))
	set("status", t.words.at(string(r.Status)))
	set("reason", t.words.at(string(r.Reason)))
	set("match", t.words.at(string(r.Match)))
	set("terms", t.termsAt(r.Terms))
	set("message", t.text(r.Message))
	set("servedBy", t.text(r.ServedBy))
	set("attempts", r.Attempts)
	set("requests", r.Requests)
	set("started", int(r.Started.Sub(t.started)/time.Second))
	set("duration", int(r.Duration.Milliseconds()))
	set("shape", t.shapeAt(r))
	t.addDigests(r)
	if r.Waived != "" {
		t.waived[t.rows] = t.text(r.Waived)
	}
	if r.Rejected != "" {
		t.rejected[t.rows] = t.text(r.Rejected)
	}
	for n, warning := range r.Warnings {
		if n == maxWarnings {
			warning = fmt.Sprintf("and %s more", number(len(r.Warnings)-n))
		}
		t.warnings[t.rows] = append(t.warnings[t.rows], t.text(warning))
		if n == maxWarnings {
			break
		}
	}
	t.rows++
}

// addDigests adds what a row says of manifests and blobs. Digests of an image that is
// in order are shortened: they have no structure that gzip could use, and would be most
// of the page.
func (t *table) addDigests(r *engine.Result) {
	shorten := shortDigest
	if !r.OK() || r.Status == validate.Fail || r.Status == validate.Error {
		shorten = hexDigest
	}
	begin := len(t.digests)
	pair := func(source, destination string) {
		source, destination = shorten(source), shorten(destination)
		if source == destination && source != "" {
			destination = "="
		}
		t.digests = append(t.digests, source, destination)
	}
	pair(r.SourceDigest, r.DestinationDigest)
	var messages []int
	for _, p := range shownPlatforms(r) {
		pair(p.Source, p.Destination)
		messages = append(messages, t.text(p.Message))
	}
	if slices.ContainsFunc(messages, func(m int) bool { return m != t.text("") }) {
		t.platformMessages[t.rows] = messages
	}
	if more := len(r.Platforms) - maxPlatforms; more > 0 {
		t.morePlatforms[t.rows] = more
	}
	if len(r.Missing) > 0 {
		t.missing[t.rows] = objectsOf(r.Missing, t.digests[begin:])
	}
	if len(r.Corrupt) > 0 {
		t.corrupt[t.rows] = objectsOf(r.Corrupt, t.digests[begin:])
	}
}

// objectsOf returns objects as [digest, kind, platform, layer]. A digest that the row
// already has is the number of its place there. A number at the end says how many
// objects were left out.
func objectsOf(objects []validate.Object, digests []string) []any {
	var all []any
	for n, o := range objects {
		if n == maxObjects {
			return append(all, len(objects)-n)
		}
		var digest any = hexDigest(o.Digest)
		if at := slices.Index(digests, hexDigest(o.Digest)); at >= 0 {
			digest = at
		}
		all = append(all, []any{digest, o.Kind, shown(o.Platform, maxPlain), o.Layer})
	}
	return all
}

// text returns the number of a foreign text.
func (t *table) text(text string) int {
	most := maxText
	if t.bytes > maxTexts {
		most = maxPlain
	}
	before := len(t.texts.words)
	text = shown(text, most)
	at := t.texts.at(text)
	if len(t.texts.words) > before {
		t.bytes += len(text)
	}
	return at
}

// termsAt returns the number of what was asked about an image.
func (t *table) termsAt(terms engine.Terms) int {
	at, known := t.knownTerms[terms]
	if !known {
		at = t.terms.at(termsText(terms))
		t.knownTerms[terms] = at
	}
	return at
}

// shapeAt returns the number of the platforms of an image.
func (t *table) shapeAt(r *engine.Result) int {
	var key strings.Builder
	for _, p := range shownPlatforms(r) {
		fmt.Fprintf(&key, "%q %q %q %v %v ", p.Platform, p.Match, p.Reason, p.Wanted, p.Destination == "")
	}
	at, known := t.knownShapes[key.String()]
	if !known {
		at = t.shapes.at(shapeOf(r))
		t.knownShapes[key.String()] = at
	}
	return at
}

// termsText returns what was asked about an image, for people.
func termsText(terms engine.Terms) string {
	switch {
	case terms.Rules == "":
		return ""
	case terms.Sampled:
		return fmt.Sprintf("rules %s, depth %s of a sample", terms.Rules, terms.Depth)
	}
	return fmt.Sprintf("rules %s, depth %s", terms.Rules, terms.Depth)
}

// shapeOf returns the platforms of a result in JSON, without their digests: name, group,
// state, match and reason, and 1 if the platform is wanted.
func shapeOf(r *engine.Result) string {
	shape := [][6]any{}
	for _, p := range shownPlatforms(r) {
		wanted := 0
		if p.Wanted {
			wanted = 1
		}
		shape = append(shape, [6]any{shown(p.Platform, maxPlain), shown(platformGroup(p.Platform), maxPlain), platformState(p), p.Match, p.Reason, wanted})
	}
	text, err := json.Marshal(shape)
	if err != nil {
		panic(err) // texts and numbers can always be written
	}
	return string(text)
}

// hexDigest returns a digest without "sha256:".
func hexDigest(digest string) string {
	if hex, ok := strings.CutPrefix(digest, "sha256:"); ok && len(hex) == 64 && validate.CheckDigest(digest) == nil {
		return hex
	}
	return shown(digest, maxPlain)
}

// shortDigest returns the first 12 digits of a digest, as docker shows them.
func shortDigest(digest string) string {
	if hex := hexDigest(digest); len(hex) == 64 {
		return strings.Clone(hex[:12]) // the whole digest need not stay in memory
	}
	return hexDigest(digest)
}

// write writes the table in base64: JSON, compressed.
func (t *table) write(w io.Writer) error {
	encoded := base64.NewEncoder(base64.StdEncoding, w)
	compressed := gzip.NewWriter(encoded)
	if err := t.writeJSON(compressed); err != nil {
		return err
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	return encoded.Close()
}

// writeJSON writes an object with a field for each dictionary and each column. It
// encodes one field after the other, because all of them may take much memory.
func (t *table) writeJSON(w io.Writer) error {
	fields := []field{
		{"rows", t.rows}, {"began", t.started.UnixMilli()},
		{"lists", t.lists.words}, {"names", t.names.words}, {"tags", t.tags.words}, {"templates", t.templates.words}, {"texts", t.texts.words},
		{"words", t.words.words}, {"termsTexts", t.terms.words}, {"shapes", rawJSON(t.shapes.words)}, {"digests", t.digests},
		{"missing", t.missing}, {"corrupt", t.corrupt}, {"warnings", t.warnings}, {"platformMessages", t.platformMessages}, {"morePlatforms", t.morePlatforms},
		{"waived", t.waived}, {"rejected", t.rejected},
	}
	for _, name := range columnNames {
		fields = append(fields, field{name, columnOf(name, t.columns[name])})
	}
	before := "{"
	for _, f := range fields {
		value, err := json.Marshal(f.value)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%q:%s", before, f.name, value); err != nil {
			return err
		}
		before = ","
	}
	_, err := io.WriteString(w, "}")
	return err
}
