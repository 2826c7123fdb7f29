package report

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/results"
)

// place is where a report for a code review shows an image: a line of a file.
type place struct {
	path   string // with slashes: relative to the checkout if the file is inside, else absolute
	inside bool   // whether the checkout may have the file
	isFile bool   // false for standard input
	line   int    // from 1
}

// places finds the places of images.
type places struct {
	options Options
	outcome *results.Outcome
	files   map[string]place // by the names of lists
}

func newPlaces(outcome *results.Outcome, options Options) *places {
	return &places{options, outcome, map[string]place{}}
}

// of returns the place of an image. An image that a script made is shown at the first
// line of the script.
func (p *places) of(image *imagelist.Image) place {
	if image.List == "" {
		return p.file(p.outcome.Header.Script)
	}
	at := p.file(image.List)
	at.line = max(image.LineNumber, 1)
	return at
}

// ofRun returns the place of what is said of the run as a whole.
func (p *places) ofRun() place {
	if p.outcome.Header.List == "" {
		return p.file(p.outcome.Header.Script)
	}
	return p.file(p.outcome.Header.List)
}

// file returns the first line of a file.
func (p *places) file(name string) place {
	at, known := p.files[name]
	if !known {
		at = place{path: name, line: 1, inside: true, isFile: !p.isStream(name)}
		if at.isFile {
			at.path, at.inside = relative(p.options.Root, p.options.Folder, name)
		}
		at.path = clean(at.path, maxLine)
		p.files[name] = at
	}
	return at
}

// isStream reports whether a list was read from a stream, such as standard input, of
// which a run takes no hash.
func (p *places) isStream(name string) bool {
	for _, list := range p.outcome.Summary.Lists {
		if list.Name == name {
			return list.SHA256 == ""
		}
	}
	header := p.outcome.Header // the end of a run that was killed is missing
	return name == header.List && header.ListSHA256 == nil
}

// relative returns the path of a file, with slashes: relative to root if the file is
// below it, and absolute otherwise. name is relative to folder. An empty root is folder.
func relative(root, folder, name string) (file string, inside bool) {
	if root == "" {
		root = folder
	}
	absolute := name
	if !filepath.IsAbs(name) {
		absolute = filepath.Join(folder, name)
	}
	below, err := filepath.Rel(root, absolute)
	if err == nil && filepath.IsLocal(below) {
		return filepath.ToSlash(below), true
	}
	return filepath.ToSlash(filepath.Clean(absolute)), false
}

// uri returns the path as a reference of RFC 3986: relative inside the checkout, else
// with the scheme file.
func (p place) uri() string {
	escaped := (&url.URL{Path: path.Join("/", p.path)}).EscapedPath()
	if !p.inside {
		return "file://" + escaped
	}
	// A colon in the first part of a relative reference would end a scheme.
	return strings.ReplaceAll(strings.TrimPrefix(escaped, "/"), ":", "%3A")
}

// relative returns the path without what leads out of the checkout, as GitLab wants it.
func (p place) relative() string {
	return strings.TrimPrefix(path.Join("/", p.path), "/")
}
