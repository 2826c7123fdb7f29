package main

import (
	"errors"
	"fmt"
	"strings"

	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

const (
	demoSource      = "hub.example"
	demoDestination = "mirror.example"
)

// demoImage is an image of the demonstration's list.
type demoImage struct {
	line string // NAME TAG
	done string // how the image was mirrored, for the table at the end
	push func(source, destination *memory.Registry)
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
	{"shop/cart 1.4", "copied as it is", func(s, d *memory.Registry) {
		pushList(s, "shop/cart", "1.4", "cart", amd64, arm64)
		pushList(d, "shop/cart", "1.4", "cart", amd64, arm64)
	}},
	{"shop/search 2.0", "copied without s390x, which nobody wants", func(s, d *memory.Registry) {
		pushList(s, "shop/search", "2.0", "search", amd64, arm64, s390x)
		pushList(d, "shop/search", "2.0", "search", amd64, arm64)
	}},
	{"shop/worker 3.1", "a single image, put into a list of one", func(s, d *memory.Registry) {
		s.PushImage("shop/worker", "3.1", memory.Image{Platform: amd64, Content: "worker"})
		pushed := d.PushImage("shop/worker", "", memory.Image{Platform: amd64, Content: "worker"})
		d.PushList("shop/worker", "3.1", validate.TypeDockerList, pushed)
	}},
	{"shop/mail 1.0", "converted from OCI to Docker's types", func(s, d *memory.Registry) {
		child := s.PushImage("shop/mail", "", memory.Image{Platform: amd64, Content: "mail", OCI: true})
		s.PushList("shop/mail", "1.0", validate.TypeOCIIndex, child)
		pushed := d.PushImage("shop/mail", "", memory.Image{Platform: amd64, Content: "mail"})
		d.PushList("shop/mail", "1.0", validate.TypeDockerList, pushed)
	}},
	{"shop/login 5.2", "never copied", func(s, d *memory.Registry) {
		pushList(s, "shop/login", "5.2", "login", amd64, arm64)
	}},
	{"shop/pay 2.3", "rebuilt at the source since it was copied", func(s, d *memory.Registry) {
		pushList(s, "shop/pay", "2.3", "pay, rebuilt", amd64, arm64)
		pushList(d, "shop/pay", "2.3", "pay", amd64, arm64)
	}},
	{"shop/stock 4.0", "copied without its list: one platform only", func(s, d *memory.Registry) {
		pushList(s, "shop/stock", "4.0", "stock", amd64, arm64)
		d.PushImage("shop/stock", "4.0", memory.Image{Platform: amd64, Content: "stock" + amd64.String()})
	}},
	{"shop/print 1.1", "another image under the same name", func(s, d *memory.Registry) {
		s.PushImage("shop/print", "1.1", memory.Image{Platform: amd64, Content: "print"})
		pushList(d, "shop/print", "1.1", "print", amd64, arm64)
	}},
	{"shop/geo 7.0", "copied without arm64", func(s, d *memory.Registry) {
		pushList(s, "shop/geo", "7.0", "geo", amd64, arm64)
		pushList(d, "shop/geo", "7.0", "geo", amd64)
	}},
	{"shop/video 9.9", "copied, but the registry lost the arm64 image", func(s, d *memory.Registry) {
		pushList(s, "shop/video", "9.9", "video", amd64, arm64)
		children := pushList(d, "shop/video", "9.9", "video", amd64, arm64)
		d.Delete("shop/video", children[1].Digest)
	}},
	{"shop/chat 6.3", "converted to OCI, with its config rewritten", func(s, d *memory.Registry) {
		s.PushImage("shop/chat", "6.3", memory.Image{Platform: amd64, Content: "chat"})
		d.PushImage("shop/chat", "6.3", memory.Image{Platform: amd64, Content: "chat", OCI: true, History: ", converted"})
	}},
	{"shop/maps 8.1", "layers packed anew, with zstd", func(s, d *memory.Registry) {
		s.PushImage("shop/maps", "8.1", memory.Image{Platform: amd64, Content: "maps", OCI: true})
		d.PushImage("shop/maps", "8.1", memory.Image{Platform: amd64, Content: "maps", OCI: true, Zstd: true})
	}},
	{"shop/vault 2.2", "copied to a bad disk: one byte is wrong", func(s, d *memory.Registry) {
		s.PushImage("shop/vault", "2.2", memory.Image{Platform: amd64, Content: "vault"})
		pushed := d.PushImage("shop/vault", "", memory.Image{Platform: amd64, Content: "vault"})
		d.PushList("shop/vault", "2.2", validate.TypeDockerList, pushed)
		d.Corrupt(d.LayerOf("shop/vault", pushed.Digest).Digest)
	}},
	{"shop/mainframe 1.0", "for s390x only, which nobody wants", func(s, d *memory.Registry) {
		pushList(s, "shop/mainframe", "1.0", "mainframe", s390x)
	}},
	{"shop/typo 1.0", "never built: the source has none", func(s, d *memory.Registry) {}},
}

// demoList returns the demonstration's list.
func demoList() string {
	var b strings.Builder
	b.WriteString("# SOURCE DESTINATION TAG\n")
	for _, image := range demoImages {
		name, tag, _ := strings.Cut(image.line, " ")
		fmt.Fprintf(&b, "%s/%s %s/%s %s\n", demoSource, name, demoDestination, name, tag)
	}
	return b.String()
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
