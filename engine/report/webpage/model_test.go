package webpage

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/results"
	"mvrun/validate"
)

// TestVerdict shows what the page says first.
func TestVerdict(t *testing.T) {
	counts := func(pass, fail, unchecked, skip, waived int) engine.Summary {
		s := engine.Summary{Images: pass + fail + unchecked + skip + waived, Waived: waived, Status: map[validate.Status]int{validate.Pass: pass, validate.Fail: fail, validate.Error: unchecked, validate.Skip: skip}}
		s.OwnStatus = s.StatusOfResults()
		s.ExitStatus = s.OwnStatus
		return s
	}
	for _, test := range []struct {
		summary engine.Summary
		change  func(*results.Outcome)
		want    string
	}{
		{counts(2, 0, 0, 0, 0), nil, "pass: Passed. All 2 images passed."},
		{counts(1, 0, 0, 0, 0), nil, "pass: Passed. 1 image passed."},
		{counts(1200, 1, 2, 3, 0), nil, "fail: Failed. Of 1,206 images, 1 failed, 2 could not be checked, 1,200 passed and 3 were skipped."},
		{counts(1, 0, 1, 0, 0), nil, "error: Not everything could be checked. Of 2 images, 1 could not be checked and 1 passed."},
		{counts(1, 0, 0, 0, 1), nil, "pass: Passed. Of 2 images, 1 did not pass and was accepted by the script and 1 passed."},
		{counts(0, 0, 0, 3, 0), nil, "skip: No image has passed. All 3 images were skipped."},
		{counts(0, 0, 0, 0, 0), nil, "skip: Nothing to check. The run has no image with a result."},
		{counts(1, 1, 0, 0, 0), func(o *results.Outcome) { o.Summary.ExitStatus, o.Summary.ScriptStatus = 0, new(0) }, "waived: Passed, by the script. Of 2 images, 1 failed and 1 passed. [The script set the exit status to 0; by the results alone, it is 1.]"},
		{counts(1, 0, 0, 0, 0), func(o *results.Outcome) { o.Summary.ExitStatus, o.Summary.ScriptStatus = 1, new(1) }, "fail: Failed by the script. 1 image passed. [The run ended with exit status 1, and no image is the reason.]"},
		{counts(1, 0, 0, 0, 0), func(o *results.Outcome) { o.Notices, o.Summary.ExitStatus = []string{"part 2 of 2 is missing"}, 3 }, "error: Incomplete. 1 image that has a result passed. [Part 2 of 2 is missing.]"},
		{counts(1, 1, 0, 0, 0), func(o *results.Outcome) { o.Notices = []string{"part 2 of 2 is missing"} }, "fail: Failed, and incomplete. Of 2 images that have a result, 1 failed and 1 passed. [Part 2 of 2 is missing.]"},
		{counts(1, 0, 0, 0, 0), func(o *results.Outcome) {
			o.Summary.Cause, o.Summary.ExitStatus, o.Notices = engine.ErrInterrupted, 130, []string{"the run was interrupted: 4 lines were not reached"}
		}, "error: Interrupted. 1 image that has a result passed. [The run was interrupted: 4 lines were not reached.]"},
		{counts(2, 0, 0, 0, 0), func(o *results.Outcome) {
			o.Summary.Cause, o.Summary.Unreached, o.Summary.LeftOut = engine.ErrInterrupted, 7, 7
		}, "error: Interrupted. All 2 images that have a result passed. [The run did not come to its end. 7 lines of the list were not reached.]"},
		{counts(1, 1, 0, 0, 0), func(o *results.Outcome) { o.Summary.ExitStatus, o.Summary.ScriptStatus = 3, new(3) }, "fail: Failed. Of 2 images, 1 failed and 1 passed. [The script set the exit status to 3; by the results alone, it is 1.]"},
		{counts(1, 1, 0, 0, 0), func(o *results.Outcome) { o.Summary.ExitStatus, o.Summary.ScriptStatus = 2, new(2) }, "fail: Failed. Of 2 images, 1 failed and 1 passed."},
		{counts(1, 0, 0, 0, 0), func(o *results.Outcome) { o.Summary.ExitStatus = 2 }, "fail: The script failed. 1 image passed. [The run ended with exit status 2, and no image is the reason.]"},
		{counts(2, 0, 0, 0, 0), func(o *results.Outcome) { o.Summary.LeftOut = 3 }, "pass: Passed. All 2 images passed. [The script left out 3 lines of the list.]"},
	} {
		outcome := &results.Outcome{Summary: test.summary}
		if test.change != nil {
			test.change(outcome)
		}
		v := verdictOf(outcome)
		got := fmt.Sprintf("%s: %s. %s", v.Class, v.Word, v.Sentence)
		if all := noticesOf(outcome); len(all) > 0 {
			got += fmt.Sprint(" ", all)
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestPolicy checks that a browser runs the page's own script and style, and that the
// page names nothing which a browser would ask the network for.
func TestPolicy(t *testing.T) {
	records := mixed(500)
	page := pageText(t, writeResults(t, records, ended(records)))
	for _, tag := range []string{"style", `script type="module"`} {
		_, rest, _ := strings.Cut(page, "<"+tag+">")
		content, _, found := strings.Cut(rest, "</"+strings.Fields(tag)[0]+">")
		hash := strings.ReplaceAll(hashOf(content), "+", "&#43;")
		if !found || !strings.Contains(page, "-src &#39;sha256-"+hash+"&#39;") {
			t.Errorf("the policy lacks the hash of <%s>", tag)
		}
	}
	for _, found := range regexp.MustCompile(`\b(src|srcset|action|poster)=|@import|\burl\([^#)]|<(link|img|iframe|object|embed|base)\b|style="`).FindAllString(page, -1) {
		if found != "<link" || strings.Count(page, "<link") > 1 {
			t.Errorf("the page has %q", found)
		}
	}
}

// dataOf returns the data of a page.
func dataOf(t *testing.T, page string) (data map[string]any, text string) {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<script id="data" type="text/plain">`)
	encoded, _, _ := strings.Cut(rest, "</script>")
	plain, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded)))
	if err != nil {
		t.Fatal(err)
	}
	var raw json.RawMessage
	if err := json.NewDecoder(plain).Decode(&raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	return data, string(raw)
}

// TestData checks that every column has every row, that an image which failed has its
// whole digests, and that one which passed has short ones.
func TestData(t *testing.T) {
	records := mixed(500)
	data, text := dataOf(t, pageText(t, writeResults(t, records, ended(records))))
	for _, name := range columnNames {
		column, isArray := data[name].([]any)
		if _, isNumber := data[name].(float64); !isNumber && (!isArray || len(column) != 500) {
			t.Errorf("the column %s has %d rows", name, len(column))
		}
	}
	for i, r := range records {
		whole := strings.TrimPrefix(*cmpOr(r.SourceDigest, digest()), "sha256:")
		if strings.Contains(text, whole) != (r.Status == validate.Fail && r.SourceDigest != nil) || r.SourceDigest != nil && !strings.Contains(text, whole[:12]) {
			t.Errorf("the image %d (%s) has another digest in the page", i+1, r.Status)
		}
	}
}

func cmpOr(a, b *string) *string {
	if a == nil {
		return b
	}
	return a
}

// TestForeign checks what becomes of texts that are no friends: they are escaped in HTML,
// are cut, have no invisible characters and no passwords.
func TestForeign(t *testing.T) {
	records := []results.Record{
		failed(1, validate.Fail, validate.DigestDiffers, "<script>alert(1)</script>\x1b[2J\u202e"+strings.Repeat("é", 2<<20)),
		failed(2, validate.Error, validate.InvalidLine, "no image"),
	}
	records[1].Source, records[1].Destination, records[1].Line = "", "", "user:secret@hub.example/a b c d e"
	records[1].Platforms = []results.Platform{{Platform: `"><script>`, Wanted: true}}
	page := pageText(t, writeResults(t, records, ended(records)))
	_, data := dataOf(t, page)
	for _, bad := range []string{"<script>alert", "\x1b", "\u202e", "secret", `"><script>`} {
		if strings.Contains(page, bad) || strings.Contains(data, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;\\u001b[2J\\u202eé", "more bytes were cut", "This page hides the passwords in 1 line of them."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if len(page) > 200_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// TestBounds checks that the page has a bounded number of rows and objects, and says so.
func TestBounds(t *testing.T) {
	records := make([]results.Record, 1200)
	for i := range records {
		records[i] = failed(i+1, validate.Fail, validate.DestinationMissing, "destination manifest does not exists")
		for layer := range 5000 {
			if i == 0 {
				records[i].Missing = append(records[i].Missing, validate.Object{Digest: *digest(layer), Kind: validate.KindLayer, Layer: layer + 1})
			}
		}
	}
	page := pageText(t, writeResults(t, records, ended(records)))
	if n := strings.Count(page, "<bdi class=\"long\">"+"mirror-eu") + strings.Count(page, "<bdi class=\"long\">harbor"); n > maxFailures {
		t.Errorf("%d rows", n)
	}
	for _, want := range []string{"The first 1,000 of 1,200 images that did not pass", "in the failed list <bdi class=\"code\">mirror-validate-failed.txt</bdi>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	data, _ := dataOf(t, page)
	missing := data["missing"].(map[string]any)["0"].([]any)
	if len(missing) != maxObjects+1 || missing[maxObjects] != float64(5001-maxObjects) {
		t.Errorf("%d objects, the last one %v", len(missing), missing[len(missing)-1])
	}
}

// TestFirstLook checks what the page says of runs that are easily called other than they
// are: with waived failures, with more wrong lines than wrong images, and with images
// that have no source.
func TestFirstLook(t *testing.T) {
	accepted, good := failed(1, validate.Fail, validate.DigestDiffers, "other layers"), passed(2)
	accepted.Waived = new("known since May")
	page := pageText(t, writeResults(t, []results.Record{accepted, good}, ended([]results.Record{accepted, good})))
	for _, bad := range []string{"no image failed", "No image failed"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page of a waived failure says %q", bad)
		}
	}

	page = pageText(t, writeResults(t, []results.Record{good}, results.End{}))
	if !strings.Contains(page, "<small>100 % of the results</small>") || strings.Contains(page, "<small>100 %</small>") {
		t.Error("the page of a run without an end says that 100 % passed")
	}

	var records []results.Record
	for i := range 4 {
		records = append(records, failed(i+1, validate.Error, validate.InvalidLine, "no image"))
		records[i].Source, records[i].Destination = "", ""
	}
	broken := failed(5, validate.Fail, validate.DestinationMissing, "no such manifest")
	broken.Source, broken.Destination = "", "worst.example/team/app"
	records = append(records, broken, passed(6))
	path := writeResults(t, records, ended(records))
	outcome, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	outcome.Header.List = "li\u202est.txt"
	p := pageOf(outcome, Options{})
	if p.Worst == nil || p.Worst.Registry != "worst.example" {
		t.Errorf("the worst registry is %v", p.Worst)
	}
	if strings.Contains(p.Title, "\u202e") {
		t.Errorf("the title %q has characters that nobody sees", p.Title)
	}
	for chart, want := range map[string]string{"lines that are no image": "registry", "no source named": "source"} {
		if link := fmt.Sprintf(`<a href="#%s=none">%s</a>`, want, chart); !strings.Contains(pageText(t, path), link) {
			t.Errorf("the page lacks %s", link)
		}
	}
}

// TestManyPlatforms checks that an image with more platforms than the page shows has the
// bad ones there, and that the chart counts what the table has.
func TestManyPlatforms(t *testing.T) {
	record := failed(1, validate.Fail, validate.PlatformMissing, "the destination lacks linux/bad")
	record.Platforms = nil
	for i := range 300 {
		record.Platforms = append(record.Platforms, results.Platform{Platform: fmt.Sprintf("linux/good%d", i), Wanted: true, Source: digest(i), Destination: digest(i), Match: validate.Identical})
	}
	record.Platforms[290] = results.Platform{Platform: "linux/bad", Wanted: true, Source: digest(290), Reason: validate.PlatformMissing}
	path := writeResults(t, []results.Record{record}, ended([]results.Record{record}))
	data, _ := dataOf(t, pageText(t, path))
	shape := data["shapes"].([]any)[0].([]any)
	if first := shape[0].([]any); len(shape) != maxPlatforms || first[0] != "linux/bad" || first[2] != stateMissing {
		t.Errorf("%d platforms, the first one %v", len(shape), first)
	}
	if more := data["morePlatforms"].(map[string]any)["0"]; more != float64(100) {
		t.Errorf("%v more platforms", more)
	}
	outcome, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if charted := surveyOf(outcome).platforms; len(charted) != maxPlatforms || charted["linux/bad"][stateMissing] != 1 {
		t.Errorf("%d platforms in the chart: %v", len(charted), charted["linux/bad"])
	}
}

// TestAbbreviate checks that the signs in a line of a list stand for what the line has.
func TestAbbreviate(t *testing.T) {
	image := imagelist.Image{Source: "docker.io/library/nginx", Destination: "r.example/library/nginx", Tag: "1.27"}
	for line, want := range map[string]string{
		"docker.io/library/nginx r.example/library/nginx 1.27":      `\x01 \x02 \x03`,
		"nginx\tr.example/library/nginx  1.27":                      `\x05\t\x02  \x03`,
		"library/nginx library/nginx 1.27":                          `\x04 \x04 \x03`,
		"nginx:1.27":                                                `\x05:\x03`,
		"docker.io/library/nginx:1.27 r.example/library/nginx:1.27": `\x01:\x03 \x02:\x03`,
		" nginx r.example/other 1.27 # new":                         ` \x05 r.example/other \x03 # new`,
		"a\x01b":                                                    `\aa\x01b`,
	} {
		if got := strings.Trim(fmt.Sprintf("%q", abbreviate(line, &image)), `"`); got != want {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	}
}

// TestCharts checks that the registry with most images that did not pass comes first,
// and that one image of many is seen in a bar.
func TestCharts(t *testing.T) {
	records := mixed(20_000)
	outcome, err := results.Read(writeResults(t, records, ended(records)))
	if err != nil {
		t.Fatal(err)
	}
	rows := pageOf(outcome, Options{}).Destinations.First
	if !slices.IsSortedFunc(rows, func(a, b registryRow) int { return b.NotPassed - a.NotPassed }) || len(rows) != 5 {
		t.Errorf("rows %v", rows)
	}
	bar := segmentsOf(map[string]int{"fail": 1, "pass": 99_999}, 100_000)
	if len(bar) != 2 || bar[0].Class != "fail" || bar[0].Width != "0.60%" {
		t.Errorf("bar %v", bar)
	}
	for n, want := range map[int]string{0: "0 %", 1: "< 0.1 %", 99_999: "> 99.9 %", 100_000: "100 %", 50_000: "50.0 %"} {
		if got := percent(n, 100_000); got != want {
			t.Errorf("%d of 100,000 is %s, want %s", n, got, want)
		}
	}
}
