package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/rehearsal"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// demoCommand shows two runs. The two registries are inside the process. Some of
// the fifteen images were mirrored well, and others badly.
type demoCommand struct {
	Keep string `placeholder:"DIR" help:"Leave the list, the failed list and the results in this folder."`
}

const (
	demoSource      = "hub.example"
	demoDestination = "mirror.example"
)

// demoImage is an image of the demonstration's list.
type demoImage struct {
	line  string // NAME TAG
	about string // how the image was mirrored; this becomes the comment above its line
	push  func(source, destination *memory.Registry)
}

var (
	amd64 = validate.Platform{OS: "linux", Architecture: "amd64"}
	arm64 = validate.Platform{OS: "linux", Architecture: "arm64"}
	s390x = validate.Platform{OS: "linux", Architecture: "s390x"}
)

// pushList pushes a Docker manifest list with an image for each platform, and
// returns the descriptors of the images.
func pushList(r *memory.Registry, repository, tag, content string, platforms ...validate.Platform) []memory.Descriptor {
	var children []memory.Descriptor
	for _, platform := range platforms {
		children = append(children, r.PushImage(repository, "", memory.Image{Platform: platform, Content: content + platform.String()}))
	}
	r.PushList(repository, tag, validate.TypeDockerList, children...)
	return children
}

var demoImages = []demoImage{
	{"shop/cart 1.4", "mirrored as it is", func(s, d *memory.Registry) {
		pushList(s, "shop/cart", "1.4", "cart", amd64, arm64)
		pushList(d, "shop/cart", "1.4", "cart", amd64, arm64)
	}},
	{"shop/search 2.0", "mirrored for amd64 and arm64 only, which is all that is wanted", func(s, d *memory.Registry) {
		pushList(s, "shop/search", "2.0", "search", amd64, arm64, s390x)
		pushList(d, "shop/search", "2.0", "search", amd64, arm64)
	}},
	{"shop/worker 3.1", "a single image, mirrored as a list of one", func(s, d *memory.Registry) {
		s.PushImage("shop/worker", "3.1", memory.Image{Platform: amd64, Content: "worker"})
		pushed := d.PushImage("shop/worker", "", memory.Image{Platform: amd64, Content: "worker"})
		d.PushList("shop/worker", "3.1", validate.TypeDockerList, pushed)
	}},
	{"shop/mail 1.0", "an OCI image, converted to Docker's types on the way", func(s, d *memory.Registry) {
		child := s.PushImage("shop/mail", "", memory.Image{Platform: amd64, Content: "mail", OCI: true})
		s.PushList("shop/mail", "1.0", validate.TypeOCIIndex, child)
		pushed := d.PushImage("shop/mail", "", memory.Image{Platform: amd64, Content: "mail"})
		d.PushList("shop/mail", "1.0", validate.TypeDockerList, pushed)
	}},
	{"shop/login 5.2", "never mirrored", func(s, d *memory.Registry) {
		pushList(s, "shop/login", "5.2", "login", amd64, arm64)
	}},
	{"shop/pay 2.3", "rebuilt at the source since it was mirrored", func(s, d *memory.Registry) {
		pushList(s, "shop/pay", "2.3", "pay, rebuilt", amd64, arm64)
		pushList(d, "shop/pay", "2.3", "pay", amd64, arm64)
	}},
	{"shop/stock 4.0", "mirrored without its list, so for one platform only", func(s, d *memory.Registry) {
		pushList(s, "shop/stock", "4.0", "stock", amd64, arm64)
		d.PushImage("shop/stock", "4.0", memory.Image{Platform: amd64, Content: "stock" + amd64.String()})
	}},
	{"shop/print 1.1", "a single image, with something else in its list", func(s, d *memory.Registry) {
		s.PushImage("shop/print", "1.1", memory.Image{Platform: amd64, Content: "print"})
		pushList(d, "shop/print", "1.1", "print", amd64, arm64)
	}},
	{"shop/geo 7.0", "mirrored without arm64", func(s, d *memory.Registry) {
		pushList(s, "shop/geo", "7.0", "geo", amd64, arm64)
		pushList(d, "shop/geo", "7.0", "geo", amd64)
	}},
	{"shop/video 9.9", "its list is right, but the registry lost the arm64 image", func(s, d *memory.Registry) {
		pushList(s, "shop/video", "9.9", "video", amd64, arm64)
		children := pushList(d, "shop/video", "9.9", "video", amd64, arm64)
		d.Delete("shop/video", children[1].Digest)
	}},
	{"shop/chat 6.3", "copied by a tool that converts it to OCI, and writes its config anew", func(s, d *memory.Registry) {
		s.PushImage("shop/chat", "6.3", memory.Image{Platform: amd64, Content: "chat"})
		d.PushImage("shop/chat", "6.3", memory.Image{Platform: amd64, Content: "chat", OCI: true, History: ", converted"})
	}},
	{"shop/maps 8.1", "copied by a tool that packs its layers anew, with zstd", func(s, d *memory.Registry) {
		s.PushImage("shop/maps", "8.1", memory.Image{Platform: amd64, Content: "maps", OCI: true})
		d.PushImage("shop/maps", "8.1", memory.Image{Platform: amd64, Content: "maps", OCI: true, Zstd: true})
	}},
	{"shop/vault 2.2", "mirrored as it is, but on a bad disk: a byte of its layer is another", func(s, d *memory.Registry) {
		s.PushImage("shop/vault", "2.2", memory.Image{Platform: amd64, Content: "vault"})
		pushed := d.PushImage("shop/vault", "", memory.Image{Platform: amd64, Content: "vault"})
		d.PushList("shop/vault", "2.2", validate.TypeDockerList, pushed)
		d.Corrupt(d.LayerOf("shop/vault", pushed.Digest).Digest)
	}},
	{"shop/mainframe 1.0", "for s390x only: nothing that is wanted", func(s, d *memory.Registry) {
		pushList(s, "shop/mainframe", "1.0", "mainframe", s390x)
	}},
	{"shop/typo 1.0", "not even at the source", func(s, d *memory.Registry) {}},
}

// demoList returns the demonstration's list, with a comment above each image.
func demoList() string {
	var b strings.Builder
	b.WriteString("# SOURCE DESTINATION TAG\n")
	for _, image := range demoImages {
		name, tag, _ := strings.Cut(image.line, " ")
		fmt.Fprintf(&b, "# %s\n%s/%s %s/%s %s\n", image.about, demoSource, name, demoDestination, name, tag)
	}
	return b.String()
}

func (d *demoCommand) run(ctx context.Context, c job.Console) (status int, err error) {
	job.SurviveBrokenPipes() // so that the folder is removed
	dir, err := d.folder()
	if err != nil {
		return 0, err
	}
	if d.Keep == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	network, err := demoNetwork()
	if err != nil {
		return 0, err
	}
	list := filepath.Join(dir, "list.txt")
	if earlier, err := os.ReadFile(list); err == nil && string(earlier) != demoList() {
		return 0, fmt.Errorf("%s is there already, and would be overwritten: give --keep another folder", list)
	}
	if err := os.WriteFile(list, []byte(demoList()), 0o666); err != nil {
		return 0, err
	}
	// The environment and the user's configuration must not change the
	// demonstration.
	lookupEnv := c.LookupEnv
	c.Environ, c.LookupEnv = nil, func(name string) (string, bool) {
		if name == "NO_COLOR" || name == "FORCE_COLOR" {
			return lookupEnv(name)
		}
		return "", false
	}

	fmt.Fprintf(c.Stdout, "Two registries run inside this process: %s, and %s, which should be its mirror.\nThis is the list of what was to be mirrored, and how well that went:\n\n%s\n",
		demoSource, demoDestination, rehearsal.Indent(demoList()))
	fmt.Fprintf(c.Stdout, "Is everything there, by the rules of Hangar's mirror-validate? $ mvrun validate.star -f list.txt -j 10\n\n")
	if status, err := d.validate(ctx, network, dir, c, "hangar", "manifests"); err != nil || status != job.ExitOK {
		return status, err
	}
	fmt.Fprintf(c.Stdout, "Will nodes that pull from the mirror get the same files and run them the same way, whatever tool made it?\n"+
		"And is every byte right? $ mvrun validate.star -f list.txt -j 10 --rules content --depth data\n\n")
	if status, err := d.validate(ctx, network, dir, c, "content", "data"); err != nil || status != job.ExitOK {
		return status, err
	}
	fmt.Fprintf(c.Stdout, "mvrun's exit status would be %d both times, as some images failed.\n", job.ExitFailed)
	where := "The files are gone now; --keep DIR keeps them."
	if d.Keep != "" {
		where = "The files are in " + d.Keep + "."
	}
	fmt.Fprintln(c.Stdout, where)
	return job.ExitOK, nil
}

// demoNetwork returns the two registries, filled with the demonstration's images.
func demoNetwork() (*memory.Network, error) {
	source, destination := memory.New(), memory.New()
	for _, image := range demoImages {
		image.push(source, destination)
	}
	network := &memory.Network{}
	return network, errors.Join(network.Add(demoSource, source), network.Add(demoDestination, destination))
}

// validate runs the bundled script over the list in dir, as the command would. Some
// images must fail: validate returns ExitOK if they did.
func (d *demoCommand) validate(ctx context.Context, network http.RoundTripper, dir string, c job.Console, rules, depth string) (int, error) {
	args := []string{"run", "-f", filepath.Join(dir, "list.txt"), "-o", filepath.Join(dir, "mirror-validate-failed.txt"),
		"-j", "10", "--rules", rules, "--depth", depth, "--progress", "never"}
	if d.Keep != "" {
		args = append(args, "--results", filepath.Join(dir, "results-"+rules+".jsonl"))
	}
	config, err := configure(append(args, "--", "validate.star"), c)
	if err != nil {
		return 0, err
	}
	config.Network = network
	status, err := job.Run(ctx, config)
	switch {
	case err != nil || status == job.ExitInterrupted:
		return status, err
	case status != job.ExitFailed:
		return 0, fmt.Errorf("the demonstration did not go as it should: exit status %d, want %d", status, job.ExitFailed)
	}
	failed, err := os.ReadFile(config.Failed)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(c.Stdout, "\nIt holds the lines that did not pass, ready to be mirrored and validated again:\n\n%s\n", rehearsal.Indent(string(failed)))
	return job.ExitOK, nil
}

// folder creates the folder for the demonstration's files, and returns its path.
func (d *demoCommand) folder() (string, error) {
	if d.Keep == "" {
		return os.MkdirTemp("", "mvrun-demo-")
	}
	return d.Keep, os.MkdirAll(d.Keep, 0o777)
}
