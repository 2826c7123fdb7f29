package webpage

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"

	"mvrun/validate"
)

// segment is a piece of a bar.
type segment struct{ Class, X, Width string }

// registries are a chart of registries, the worst one first.
type registries struct {
	Filter string // the name of the filter for them
	None   string // what the row of images without a registry is called
	First  []registryRow
	More   []registryRow // behind a fold
}

// registryRow is a bar of the chart.
type registryRow struct {
	Registry    string // "" for lines that are no images
	Images      int
	Bar         []segment
	Outcomes    []outcomeCount // but for those of no image
	NotPassed   int
	NotPassedP  string // in percent
	Reasons     []reasonCount
	MoreReasons int
}

// chartRow returns a row with the chart that it stands in, for a template.
func chartRow(chart registries, row registryRow) struct {
	registryRow
	Chart registries
} {
	return struct {
		registryRow
		Chart registries
	}{row, chart}
}

// reasonCount is how many images did not pass for a reason.
type reasonCount struct {
	Reason string
	N      int
}

// platformRow is how many images have a platform in each state.
type platformRow struct {
	Platform                     string
	Good, Missing, Wrong, Absent int
	Bar                          []segment
}

// Rows of charts that stand above the fold, and that stand in the page at all.
const (
	maxFirst     = 8
	maxCharted   = 200
	maxPlatRows  = 12
	maxReasons   = 6
	leastPercent = 0.6 // of a bar, so that one failure of 100,000 is seen
)

// registriesOf returns the chart of registries: those with most images that did not
// pass first.
func registriesOf(filter string, tallies map[string]*tally) registries {
	bad := func(name string) int { return tallies[name].classes["fail"] + tallies[name].classes["error"] }
	names := slices.SortedFunc(maps.Keys(tallies), func(a, b string) int {
		return cmp.Or(cmp.Compare(bad(b), bad(a)), cmp.Compare(tallies[b].images, tallies[a].images), cmp.Compare(a, b))
	})
	var rows []registryRow
	for _, name := range names[:min(len(names), maxCharted)] {
		t := tallies[name]
		row := registryRow{Registry: name, Images: t.images, Bar: segmentsOf(t.classes, t.images), NotPassed: bad(name), NotPassedP: percent(bad(name), t.images)}
		for _, class := range classes {
			if n := t.classes[class]; n > 0 {
				row.Outcomes = append(row.Outcomes, outcomeCount{class, wordOf[class], n, percent(n, t.images)})
			}
		}
		for i, reason := range byCount(t.reasons) {
			if i == maxReasons {
				row.MoreReasons = len(t.reasons) - i
				break
			}
			row.Reasons = append(row.Reasons, reasonCount{string(reason), t.reasons[reason]})
		}
		rows = append(rows, row)
	}
	most := min(len(rows), maxFirst)
	none := "lines that are no image"
	if filter == "source" {
		none = "no source named" // also an image may name a destination only
	}
	return registries{filter, none, rows[:most], rows[most:]}
}

// worstOf returns the registry with most images that did not pass. Lines that are no
// image have no registry, and may stand before it.
func worstOf(all registries) *registryRow {
	for i := range all.First {
		if row := &all.First[i]; row.Registry != "" && row.NotPassed > 0 {
			return row
		}
	}
	return nil
}

// platformsOf returns the chart of platforms: those that most images lack first.
func platformsOf(s *survey) []platformRow {
	var rows []platformRow
	for platform, states := range s.platforms {
		row := platformRow{Platform: shown(platform, maxPlain), Good: states[stateGood], Missing: states[stateMissing], Wrong: states[stateWrong]}
		row.Absent = s.known - row.Good - row.Missing - row.Wrong
		row.Bar = segmentsOf(map[string]int{"fail": row.Missing, "error": row.Wrong, "pass": row.Good, "skip": row.Absent}, s.known)
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b platformRow) int {
		return cmp.Or(cmp.Compare(b.Missing, a.Missing), cmp.Compare(b.Wrong, a.Wrong), cmp.Compare(b.Good, a.Good), cmp.Compare(a.Platform, b.Platform))
	})
	return rows[:min(len(rows), maxPlatRows)]
}

// segmentsOf returns the pieces of a bar: failures at its left.
func segmentsOf(counts map[string]int, all int) []segment {
	if all == 0 {
		return nil
	}
	shares, sum := map[string]float64{}, 0.0
	for _, class := range classes {
		if counts[class] > 0 {
			shares[class] = max(100*float64(counts[class])/float64(all), leastPercent)
			sum += shares[class]
		}
	}
	var bar []segment
	x := 0.0
	for _, class := range classes {
		if share := shares[class] * 100 / sum; share > 0 {
			bar = append(bar, segment{class, fmt.Sprintf("%.2f%%", x), fmt.Sprintf("%.2f%%", share)})
			x += share
		}
	}
	return bar
}

// width returns how wide the bar of a number is beside that of the greatest one.
func width(n, most int) string {
	return fmt.Sprintf("%.2f%%", max(100*float64(n)/float64(max(most, 1)), leastPercent))
}

// percent writes a share. It is never 0 % or 100 % unless it is exactly that.
func percent(n, all int) string {
	share := 100 * float64(n) / float64(max(all, 1))
	switch {
	case n == 0:
		return "0 %"
	case n == all:
		return "100 %"
	case share < 0.1:
		return "< 0.1 %"
	case share > 99.9:
		return "> 99.9 %"
	}
	return fmt.Sprintf("%.1f %%", share)
}

// plainColor returns the colour of an outcome where the page has no styles: Jenkins, for
// one, lets no page have them.
func plainColor(class string) string { return "#" + iconColors[class] }

// iconColors are the colours of outcomes outside the styles, such as in the icon that a
// browser shows beside the title.
var iconColors = map[string]string{"pass": "1b7f5c", "fail": "b3360c", "error": "8a5a00", "skip": "5b6470", "waived": "6a4c93"}

// iconOf returns the icon: a check mark on a disc, or a cross on a square.
func iconOf(class string) template.URL {
	shape, stroke := `<circle cx='8' cy='8' r='8' fill='%23`+iconColors[class]+`'/>`, "M4 8.5l3 3 5-6"
	if class != string(validate.Pass) {
		shape, stroke = `<rect width='16' height='16' rx='3' fill='%23`+iconColors[class]+`'/>`, "M8 3v6M8 11.5v1.5"
	}
	if class == string(validate.Fail) {
		stroke = "M4.5 4.5l7 7M11.5 4.5l-7 7"
	}
	return template.URL(`data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>` + shape + `<path d='` + stroke + `' stroke='white' stroke-width='2' fill='none'/></svg>`)
}
