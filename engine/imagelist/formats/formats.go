package formats

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// Formats that are not those of another tool.
const (
	Auto  = "auto"  // recognise the format by the content
	Lines = "lines" // one image a line
)

// format is how one tool writes its images.
type format struct {
	name string
	is   func(first *yaml.Node) bool // reports whether a file with this first document has the format
	read func(f *found, ds documents) error
}

// formats are in the order in which a file is compared with them.
var formats = []format{
	{"regsync", isRegsync, readRegsync},
	{"skopeo", isSkopeo, readSkopeo},
	{"image-syncer", isImageSyncer, readImageSyncer},
	{"hauler", isHauler, readHauler}, // before kubernetes, whose manifests look alike
	{"kubernetes", isKubernetes, readKubernetes},
}

// Names returns the names of all formats.
func Names() []string {
	names := []string{Auto, Lines}
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// New returns the reader of a format. It is nil for lines.
func New(name string) (*imagelist.Reader, error) {
	switch name {
	case Lines:
		return nil, nil
	case Auto:
		return &imagelist.Reader{Begins: beginsYAML, Read: readAny}, nil
	}
	for _, f := range formats {
		if f.name == name {
			return &imagelist.Reader{Read: f.readContent}, nil
		}
	}
	return nil, fmt.Errorf("list format %q: want one of %s", name, strings.Join(Names(), ", "))
}

// yamlKey finds a line that begins with a key of YAML or JSON.
var yamlKey = regexp.MustCompile(`^(?:"[^"]*"|'[^']*'|[^\s"'#]+)\s*:(?:\s|$)`)

// ipv6Host finds a line of a list that begins with an IPv6 address.
var ipv6Host = regexp.MustCompile(`^\[[0-9a-fA-F:.]+\]`)

// beginsYAML reports whether the first line of a file that is no comment looks like YAML
// or JSON.
func beginsYAML(line string) bool {
	for _, prefix := range []string{"---", "%YAML", "{", "[", "- "} {
		if strings.HasPrefix(line, prefix) {
			return !ipv6Host.MatchString(line)
		}
	}
	return yamlKey.MatchString(line)
}

// readAny reads a file of the format that its first document shows.
func readAny(content string) (*imagelist.Entries, error) {
	for first, err := range parse(content) {
		if err != nil {
			return nil, err
		}
		for _, f := range formats {
			if f.is(first) {
				return f.readContent(content)
			}
		}
		if field(first, "services") != nil {
			return nil, errors.New("it is a file of Docker Compose, which is no list of images: give what docker compose config --images prints")
		}
		break
	}
	known := strings.Join(Names()[2:], ", ")
	return nil, fmt.Errorf("it is YAML, but no list of images that mvrun knows (%s): give one of these, or a list with one image a line, SOURCE DESTINATION TAG", known)
}

func (f format) readContent(content string) (*imagelist.Entries, error) {
	found := &found{}
	found.Format = f.name
	if err := f.read(found, parse(content)); err != nil {
		return nil, err
	}
	found.sumUp()
	return &found.Entries, nil
}

// documents are the roots of the documents of a file, one by one: a document takes many
// times the memory of its text. The last one may come with an error.
type documents = iter.Seq2[*yaml.Node, error]

// parse returns the documents of a file. Documents without content are left out.
func parse(content string) documents {
	return func(yield func(*yaml.Node, error) bool) {
		decoder := yaml.NewDecoder(strings.NewReader(content))
		for {
			var document yaml.Node
			err := decoder.Decode(&document)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				place := placed(err)
				place.Err = fmt.Errorf("parsing the YAML: %w", place.Err)
				yield(nil, place)
				return
			}
			if root := document.Content; len(root) == 1 && root[0].Tag != "!!null" && !yield(root[0], nil) {
				return
			}
		}
	}
}

// only returns the document of a file that has one. is says whether it is the right one,
// and want what the file should be.
func only(ds documents, is func(*yaml.Node) bool, want string) (root *yaml.Node, err error) {
	n := 0
	for d, err := range ds {
		if err != nil {
			return nil, err
		}
		root = d
		n++
	}
	if n != 1 {
		return nil, fmt.Errorf("%s is one document of YAML, and this has %d", want, n)
	}
	if !is(root) {
		return nil, fmt.Errorf("this is not %s", want)
	}
	return root, nil
}

// yamlPlace finds the line in an error of the YAML library.
var yamlPlace = regexp.MustCompile(`^(?s)yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?([^\n]*)`)

// placed returns an error of the YAML library with its line, and without its prefix.
func placed(err error) *imagelist.PlaceError {
	parts := yamlPlace.FindStringSubmatch(err.Error())
	if parts == nil {
		return &imagelist.PlaceError{Err: err}
	}
	line, _ := strconv.Atoi(parts[1]) // 0 if the library names no line
	words := wrongKind.ReplaceAllString(parts[2], "$1 is no value for its key")
	return &imagelist.PlaceError{LineNumber: line, Err: errors.New(words)}
}

// wrongKind finds an error of the YAML library that names a type of Go.
var wrongKind = regexp.MustCompile(`^cannot unmarshal !!(.*) into .*$`)

// found collects what a file has.
type found struct {
	imagelist.Entries
	ignored map[string]*ignored // by what is ignored
	order   []string
}

// ignored counts what is not read.
type ignored struct {
	line, count int
	effect      string
}

func (f *found) add(e imagelist.Entry) { f.Entries.Entries = append(f.Entries.Entries, e) }

// ignore notes that something in a line of the file is not read, and why that matters.
func (f *found) ignore(line int, what, effect string) {
	if f.ignored == nil {
		f.ignored = map[string]*ignored{}
	}
	if f.ignored[what] == nil {
		f.ignored[what] = &ignored{line: line, effect: effect}
		f.order = append(f.order, what)
	}
	f.ignored[what].count++
}

// sumUp makes one warning of all that is ignored for one reason.
func (f *found) sumUp() {
	for _, what := range f.order {
		i := f.ignored[what]
		times := ""
		if i.count > 1 {
			times = fmt.Sprintf(" (%d times in the file)", i.count)
		}
		f.Warnings = append(f.Warnings, imagelist.Warning{LineNumber: i.line, Message: fmt.Sprintf("%s is not read%s: %s", what, times, i.effect)})
	}
}

// field returns the value of a key of a mapping, or nil. It looks into mappings that are
// merged with <<, too.
func field(n *yaml.Node, key string) *yaml.Node {
	left := maxMerges
	return lookUp(n, key, &left)
}

// maxMerges is how many mappings one mapping may merge. A file can merge a mapping with
// itself, or the same ones again on each of many levels.
const maxMerges = 32

// lookUp looks for a key in a mapping and those that it merges. left is how many
// mappings may still be looked into.
func lookUp(n *yaml.Node, key string, left *int) *yaml.Node {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode || *left == 0 {
		return nil
	}
	*left--
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch name, value := n.Content[i], target(n.Content[i+1]); {
		case name.Value == key && name.Kind == yaml.ScalarNode:
			return value
		case name.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merged = value.Content
		case name.Tag == "!!merge":
			merged = []*yaml.Node{value}
		}
	}
	for _, m := range merged {
		if value := lookUp(m, key, left); value != nil {
			return value
		}
	}
	return nil
}

// target returns the node that an alias stands for, or the node itself.
func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text returns the text of a scalar, "" for anything else.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// isTrue reports whether a node is there and not false.
func isTrue(n *yaml.Node) bool { return n != nil && text(n) != "false" && n.Tag != "!!null" }
