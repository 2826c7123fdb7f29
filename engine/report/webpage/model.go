package webpage

import (
	"cmp"
	"fmt"
	"html/template"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mvrun/engine/results"
	"mvrun/validate"
)

// page is what the templates show.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS
	Icon   template.URL

	Title    string
	Verdict  verdict
	Notices  []string
	Counts   []outcomeCount
	Overall  []segment
	Facts    []fact
	Parts    []partRow
	Groups   []advised
	Frequent advised    // the most frequent one of Groups
	Accepted []accepted // by waive or reject

	Destinations, Sources registries
	Worst                 *registryRow // of the destinations, nil if all images passed
	Platforms             []platformRow

	Images       int
	Failures     []failure
	NotPassed    int // of which Failures are the first
	WaivedImages []failure
	Waived       int
	FailedList   string
	ToMirror     int // lines of the failed list
	Hidden       int // of which the page hides a password
}

// outcomeCount is how many images had one outcome.
type outcomeCount struct {
	Class, Word string
	N           int
	Percent     string
}

// fact is a name and a value.
type fact struct{ Name, Value, Title string }

// partRow is a results file.
type partRow struct{ Name, File, Began, Took, Outcome string }

// advised are the images that did not pass for one reason, and what a reader can do.
type advised struct {
	Class, Status, Reason, Advice string
	N                             int
	Bar                           []segment
	First                         []string
}

// accepted is a reason that the script gave, and the number of images.
type accepted struct {
	Class, Word, Reason string
	N                   int
}

// wordOf are the words for outcomes.
var wordOf = map[string]string{"fail": "Failed", "error": "Not checked", "waived": "Waived", "skip": "Skipped", "pass": "Passed"}

// classes are the outcomes in the order in which the page shows them.
var classes = []string{"fail", "error", "waived", "skip", "pass"}

// pageOf returns what the page says of an outcome.
func pageOf(outcome *results.Outcome, options Options) *page {
	survey := surveyOf(outcome)
	s, lines := outcome.Summary, outcome.FailedLines()
	p := &page{
		Verdict: verdictOf(outcome), Notices: noticesOf(outcome), Images: s.Images, Facts: factsOf(outcome, survey), Parts: partsOf(outcome),
		Destinations: registriesOf("registry", survey.destinations), Sources: registriesOf("source", survey.sources), Platforms: platformsOf(survey),
		Failures: survey.failures, NotPassed: s.Status[validate.Fail] + s.Status[validate.Error],
		WaivedImages: survey.waivedImages, Waived: s.Waived,
		FailedList: shown(s.FailedList, maxPlain), ToMirror: len(lines), Hidden: hiddenIn(lines),
	}
	p.Title = "mvrun: " + strings.ToLower(p.Verdict.Word)
	if list := listName(outcome); list != "" {
		p.Title += ", " + shown(filepath.Base(list), maxPlain)
	}
	p.Icon = iconOf(p.Verdict.Class)
	all := map[string]int{"waived": s.Waived}
	for status, n := range s.Status {
		all[string(status)] = n
	}
	for _, class := range classes {
		n := all[class]
		if n > 0 || class == "fail" || class == "error" || class == "pass" {
			share := percent(n, s.Images)
			if isIncomplete(outcome) {
				share += " of the results" // nobody knows what share of the list it is
			}
			p.Counts = append(p.Counts, outcomeCount{class, wordOf[class], n, share})
		}
	}
	p.Overall = segmentsOf(all, s.Images)
	p.Groups = groupsOf(outcome, options)
	if len(p.Groups) > 0 {
		p.Frequent = slices.MaxFunc(p.Groups, func(a, b advised) int { return cmp.Compare(a.N, b.N) })
	}
	p.Worst = worstOf(p.Destinations)
	for _, reason := range byCount(survey.waived) {
		p.Accepted = append(p.Accepted, accepted{"waived", "Waived", reason, survey.waived[reason]})
	}
	for _, reason := range byCount(survey.rejected) {
		p.Accepted = append(p.Accepted, accepted{"fail", "Rejected", reason, survey.rejected[reason]})
	}
	return p
}

// groupsOf returns the reasons for which images did not pass.
func groupsOf(outcome *results.Outcome, options Options) []advised {
	var all []advised
	most := 0
	for _, group := range outcome.Summary.NotPassed {
		most = max(most, group.Count)
	}
	for _, group := range outcome.Summary.NotPassed {
		class := string(group.Status)
		a := advised{Class: class, Status: wordOf[class], Reason: string(group.Reason), N: group.Count, Bar: []segment{{Class: class, X: "0%", Width: width(group.Count, most)}}}
		if advice := options.Advice[group.Reason]; advice != "" {
			a.Advice = strings.ToUpper(advice[:1]) + advice[1:] + "."
		}
		for _, image := range group.First[:min(len(group.First), 2)] {
			name := lineOf(image)
			if image.Destination != "" {
				name = image.DestinationReference()
			}
			a.First = append(a.First, shown(name, maxPlain))
		}
		all = append(all, a)
	}
	return all
}

// dateAndZone is how the page writes a time.
const dateAndZone = "2006-01-02 15:04:05 MST"

// factsOf returns what was checked, how, and when.
func factsOf(outcome *results.Outcome, survey *survey) []fact {
	s, header := outcome.Summary, outcome.Header
	facts := []fact{{"List", cmp.Or(shown(listName(outcome), maxPlain), "of the script's own"), ""}}
	if sum := header.ListSHA256; sum != nil {
		facts = append(facts, fact{"List's SHA-256", shortened(*sum), shown(*sum, maxPlain)})
	}
	if lines := header.ListLines; lines != nil {
		facts = append(facts, fact{"Lines", number(*lines), ""})
	}
	facts = append(facts, fact{"Script", shown(header.Script, maxPlain), "SHA-256 " + shown(header.ScriptSHA256, maxPlain)})
	judged := byCount(survey.judged)
	for i, text := range judged[:min(len(judged), 5)] {
		if len(judged) > 1 {
			text += " (" + countOf(survey.judged[judged[i]], "image") + ")"
		}
		facts = append(facts, fact{"Judged by", text, ""})
	}
	q := header.Question
	if len(judged) == 0 {
		facts = append(facts, fact{"Asked for", fmt.Sprintf("rules %s, depth %s", q.Rules, q.Depth), ""})
	}
	facts = append(facts, fact{"Platforms", shown(strings.Join(q.OS, ", ")+" on "+strings.Join(q.Arch, ", "), maxPlain), ""},
		fact{"Began", s.Started.Format(dateAndZone), ""})
	if s.Elapsed > 0 {
		facts = append(facts, fact{"Ended", s.Started.Add(s.Elapsed).Format(dateAndZone), ""}, fact{"Took", rounded(s.Elapsed), ""})
	} else {
		facts = append(facts, fact{"Ended", "not known", ""})
	}
	if hasEnd(outcome) {
		facts = append(facts, fact{"Requests", number(s.Requests), ""})
	}
	if s.Bytes > 0 {
		facts = append(facts, fact{"Blobs read", bytesOf(s.Bytes), number(int(s.Bytes)) + " bytes"})
	}
	exit := fmt.Sprint(s.ExitStatus)
	if s.ExitStatus != s.OwnStatus {
		exit += fmt.Sprintf(" (by the results alone: %d)", s.OwnStatus)
	}
	facts = append(facts, fact{"Exit status", exit, ""}, fact{"mvrun", shown(header.Version, maxPlain), ""})
	if shard := header.Shard; shard != nil {
		facts = append(facts, fact{"Parts", fmt.Sprintf("%d of %d", len(outcome.Parts), shard.Count), ""})
	}
	return facts
}

// hasEnd reports whether at least one part of the run has come to its end, which says how
// long it took and how many requests it sent.
func hasEnd(outcome *results.Outcome) bool {
	return slices.ContainsFunc(outcome.Parts, func(p results.Part) bool { return p.End != nil })
}

// listName returns the name of the list, "" if the script names its own lists.
func listName(outcome *results.Outcome) string { return outcome.Header.List }

// partsOf returns the results files, if there are several.
func partsOf(outcome *results.Outcome) []partRow {
	var rows []partRow
	for _, part := range outcome.Parts {
		if part.Header.Shard == nil {
			continue
		}
		row := partRow{Name: fmt.Sprintf("%d of %d", part.Header.Shard.Index, part.Header.Shard.Count), File: shown(part.File, maxPlain),
			Began: part.Header.Started.Format(dateAndZone), Took: "not known", Outcome: "did not end"}
		if end := part.End; end != nil {
			row.Took = rounded(time.Duration(end.DurationMS) * time.Millisecond)
			row.Outcome = fmt.Sprintf("%s: %s passed, %s failed, %s not checked; exit status %d", countOf(end.Images, "image"), number(end.Pass), number(end.Fail), number(end.Error), end.Status)
		}
		rows = append(rows, row)
	}
	return rows
}

// rounded writes a duration for people.
func rounded(d time.Duration) string {
	if d < time.Minute {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// bytesOf writes a number of bytes for people.
func bytesOf(n int64) string {
	value, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	at := 0
	for value >= 1024 && at < len(units)-1 {
		value /= 1024
		at++
	}
	if at == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[at])
}

// shortened returns the first 12 digits of a hash.
func shortened(hash string) string {
	if len(hash) > 12 && !slices.ContainsFunc([]byte(hash), func(b byte) bool { return b > 127 }) {
		return visible(hash[:12]) + "…"
	}
	return shown(hash, maxPlain)
}
