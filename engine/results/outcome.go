package results

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Outcome is what the results files of a run say in the end: one file of the whole
// list or of a part of it, or the files of several parts together.
type Outcome struct {
	Header  Header         // of the run: of its first part, but with the earliest start
	Parts   []Part         // in the order of their indexes
	Notices []string       // what is missing of the run, or ended early: a sentence each; empty if the run is whole
	Summary engine.Summary // over all parts

	order   map[string]int  // the places of lists in the order in which the run read them
	results []engine.Packed // those that count, one for each image, in the order of the lists
}

// Part is one results file.
type Part struct {
	File   string
	Header Header
	End    *End // nil if the run of this part did not end

	results []engine.Packed
}

// Results returns the results that count, one for each image, in the order of the
// lists. Images that a script made come last.
func (o *Outcome) Results() iter.Seq[*engine.Result] {
	return func(yield func(*engine.Result) bool) {
		for _, packed := range o.results {
			if !yield(packed.Result()) {
				return
			}
		}
	}
}

// Records returns the records that count, in the order of Results.
func (o *Outcome) Records() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for result := range o.Results() {
			if record := recordOf(result); !yield(&record) {
				return
			}
		}
	}
}

// FailedLines returns the lines of the merged failed list: as they stand in the
// lists, in their order, once each.
func (o *Outcome) FailedLines() []string {
	var lines []string
	var last *imagelist.Image
	for _, packed := range o.results {
		image := packed.Image
		if packed.OK() {
			continue
		}
		if last != nil && image.List != "" && isSameLine(last, image) {
			continue // the script has validated the line at several destinations
		}
		last = image
		lines = append(lines, cmp.Or(image.Line, image.WrittenLine()))
	}
	return lines
}

// Read reads one results file, whether or not its run has ended.
func Read(path string) (*Outcome, error) {
	part, err := readPart(path)
	if err != nil {
		return nil, err
	}
	o, err := combine([]Part{*part})
	if err != nil {
		return nil, err
	}
	o.Notices = append(part.notices(), part.early()...)
	o.raise()
	return o, nil
}

// readPart reads a results file.
func readPart(path string) (*Part, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the results file: %w", err)
	}
	defer file.Close()
	lines := NewReader(file)
	header, torn, err := lines.Header()
	switch {
	case errors.Is(err, io.EOF) && len(torn) == 0:
		return nil, fmt.Errorf("%s is empty: its run has not begun to write, or another file was meant", path)
	case errors.Is(err, io.EOF), errors.Is(err, errNoFormat):
		return nil, fmt.Errorf("%s is no results file of mvrun", path)
	case err != nil:
		return nil, fmt.Errorf("reading the results file %s: %w", path, err)
	}
	part := &Part{File: path, Header: header}
	err = header.check()
	if err == nil {
		err = part.read(lines)
	}
	if err != nil {
		return nil, fmt.Errorf("%s:%d is no result of mvrun: %w", path, lines.Number(), err)
	}
	return part, part.checkEnd()
}

// read reads the lines behind the header.
func (p *Part) read(lines *Reader) error {
	at := map[Image]int{} // the places of images in results
	for {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			p.results = slices.DeleteFunc(p.results, func(r engine.Packed) bool { return r.Image == nil })
			return nil
		}
		if err != nil {
			return err
		}
		p.End = nil // an end counts only as the last line
		switch line := line.(type) {
		case *Withdrawn:
			if place, ok := at[line.Image]; ok {
				p.results[place] = engine.Packed{}
				delete(at, line.Image)
			}
		case *Record:
			if err := line.check(); err != nil {
				return err
			}
			image := line.Image()
			place, known := at[image]
			if !known {
				place = len(p.results)
				at[image] = place
				p.results = append(p.results, engine.Packed{})
			}
			p.results[place] = line.packed()
		case *End:
			if err := line.check(); err != nil {
				return err
			}
			p.End = line
		}
	}
}

// packed returns the result of a record as the run had it.
func (r *Record) packed() engine.Packed {
	result := r.result()
	result.Waived, result.Rejected, result.Earlier = text(r.Waived), text(r.Rejected), false
	result.Image = &imagelist.Image{Source: r.Source, Destination: r.Destination, Tag: r.DestinationTag,
		Line: r.Line, LineNumber: r.LineNumber, Number: r.Number, Part: r.Part, List: r.List}
	if r.SourceTag != r.DestinationTag {
		result.Image.SourceTag = r.SourceTag
	}
	return result.Pack()
}

// combine puts the results of parts together. It returns an error if two parts have
// results of one image. A line may be in two parts: the script has read its list for two
// destinations.
func combine(parts []Part) (*Outcome, error) {
	o := &Outcome{Header: parts[0].Header, Parts: parts, order: orderOf(parts)}
	var all []placed
	for i := range parts {
		for _, packed := range parts[i].results {
			all = append(all, placed{packed, i})
		}
		parts[i].results = nil
		if parts[i].Header.Started.Before(o.Header.Started) {
			o.Header.Started = parts[i].Header.Started
		}
	}
	slices.SortFunc(all, o.compare)
	o.results = make([]engine.Packed, 0, len(all))
	for i, result := range all {
		if i > 0 && all[i-1].part != result.part && o.compareImages(all[i-1].Image, result.Image) == 0 {
			before := all[i-1]
			switch {
			case result.Image.List != "":
				return nil, fmt.Errorf("%s:%d is in %s and in %s: the list was not cut into parts in one way", result.Image.List, result.Image.LineNumber, parts[before.part].name(), parts[result.part].name())
			case *before.Image == *result.Image:
				continue // the worst one came first
			}
		}
		o.results = append(o.results, result.Packed)
	}
	o.Summary = engine.Summarize(o.Results())
	o.addEnds()
	return o, nil
}

// placed is a result with the place of its part.
type placed struct {
	engine.Packed
	part int
}

// isSameLine reports whether two images are of one line of a list. All images that
// scripts made are of one line: it is none.
func isSameLine(a, b *imagelist.Image) bool {
	return a.List == b.List && a.Number == b.Number && a.Part == b.Part
}

// orderOf returns the places of lists in the order in which the run read them. Lists of
// which no end tells follow in the order of their names. Images that a script made come
// last.
func orderOf(parts []Part) map[string]int {
	order := map[string]int{}
	add := func(name string) {
		if _, known := order[name]; !known {
			order[name] = len(order)
		}
	}
	for _, list := range listsOf(parts) {
		add(list.Name)
	}
	add(parts[0].Header.List)
	var others []string
	for _, part := range parts {
		for _, packed := range part.results {
			if _, known := order[packed.Image.List]; !known {
				others = append(others, packed.Image.List)
			}
		}
	}
	slices.Sort(others)
	for _, name := range slices.Compact(others) {
		add(name)
	}
	order[""] = len(order)
	return order
}

// compare orders results by their lists and lines. Of results of one image, which
// several parts have if a script made it, the worst comes first.
func (o *Outcome) compare(a, b placed) int {
	if byImage := o.compareImages(a.Image, b.Image); byImage != 0 {
		return byImage
	}
	return cmp.Or(cmp.Compare(badness(b.Packed), badness(a.Packed)), cmp.Compare(a.part, b.part))
}

// compareImages orders images by their lists and lines.
func (o *Outcome) compareImages(a, b *imagelist.Image) int {
	return cmp.Or(cmp.Compare(o.order[a.List], o.order[b.List]), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Part, b.Part),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.SourceTag, b.SourceTag), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Tag, b.Tag))
}

// badness orders verdicts about one image. A worse one is greater.
func badness(packed engine.Packed) int {
	result := packed.Result()
	switch {
	case result.OK() && result.Status == validate.Pass:
		return 0
	case result.OK():
		return 1
	case result.Status == validate.Error:
		return 2
	}
	return 3
}
