package starlib

import (
	"context"
	"errors"
	"fmt"
	"sync"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Inspection is the image or artifact that a registry has under a reference. It is
// immutable.
//
// If it is a list, the images of its platforms are read only when a script needs
// them. To read ten platforms takes twenty more requests, and most scripts need only
// one platform.
type Inspection struct {
	execution *execution
	reference string
	found     *validate.Inspection
	platforms []*InspectedPlatform
}

// InspectedPlatform is one platform of an Inspection.
type InspectedPlatform struct {
	execution  *execution
	repository string
	entry      validate.Descriptor

	mu  sync.Mutex
	own *validate.Inspection // the image of the platform; nil until a script needs it
}

var (
	_ starlark.HasAttrs = (*Inspection)(nil)
	_ starlark.HasAttrs = (*InspectedPlatform)(nil)
)

func newInspection(e *execution, repository, tag string, found *validate.Inspection) *Inspection {
	i := &Inspection{execution: e, reference: imagelist.Reference(repository, tag), found: found}
	m := found.Manifest
	if found.Config != nil {
		entry := validate.Descriptor{MediaType: m.MediaType, Digest: m.Digest, Platform: &found.Config.Platform, Annotations: m.Annotations}
		i.platforms = []*InspectedPlatform{{execution: e, repository: repository, entry: entry, own: found}}
	}
	for _, entry := range m.Children {
		if !entry.IsAttestation() {
			i.platforms = append(i.platforms, &InspectedPlatform{execution: e, repository: repository, entry: entry})
		}
	}
	return i
}

func (i *Inspection) String() string        { return fmt.Sprintf("inspection(%q)", i.reference) }
func (i *Inspection) Type() string          { return "inspection" }
func (i *Inspection) Freeze()               {}
func (i *Inspection) Truth() starlark.Bool  { return true }
func (i *Inspection) Hash() (uint32, error) { return 0, errors.New("unhashable: inspection") }

// Attr implements starlark.HasAttrs.
func (i *Inspection) Attr(name string) (starlark.Value, error) {
	switch name {
	case "reference":
		return starlark.String(i.reference), nil
	case "media_type":
		return starlark.String(i.found.Manifest.MediaType), nil
	case "artifact_type":
		return starlark.String(i.found.ArtifactType()), nil
	case "digest":
		return starlark.String(i.found.Manifest.Digest), nil
	case "annotations":
		return frozenDict(i.found.Manifest.Annotations), nil
	case "platforms":
		values := make([]starlark.Value, len(i.platforms))
		for n, p := range i.platforms {
			values[n] = p
		}
		list := starlark.NewList(values)
		list.Freeze()
		return list, nil
	case "size", "labels", "created":
		if !i.found.Manifest.IsList() {
			return contentAttr(i.found, name), nil
		}
		platform, err := i.preferred()
		if err != nil {
			return nil, err
		}
		return platform.Attr(name)
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (i *Inspection) AttrNames() []string {
	return []string{"annotations", "artifact_type", "created", "digest", "labels", "media_type", "platforms", "reference", "size"}
}

// preferred returns the platform that stands for the whole list: its size, labels and
// creation time count as those of the list. It is the first platform that the run's
// question selects, in the order of the question's architectures. If the question
// selects none, it is the first platform of the list.
func (i *Inspection) preferred() (*InspectedPlatform, error) {
	if len(i.platforms) == 0 {
		return nil, fmt.Errorf("%s is a list without images: only an image has size, labels and created", i.reference)
	}
	for _, arch := range i.execution.Question.Arch {
		q := validate.Question{Arch: []string{arch}, OS: i.execution.Question.OS}
		for _, p := range i.platforms {
			if p.entry.Platform != nil && q.Wants(*p.entry.Platform) {
				return p, nil
			}
		}
	}
	return i.platforms[0], nil
}

func (p *InspectedPlatform) String() string {
	return fmt.Sprintf("inspected_platform(%q, %q)", p.platform(), p.entry.Digest)
}
func (p *InspectedPlatform) Type() string         { return "inspected_platform" }
func (p *InspectedPlatform) Freeze()              {}
func (p *InspectedPlatform) Truth() starlark.Bool { return true }
func (p *InspectedPlatform) Hash() (uint32, error) {
	return 0, errors.New("unhashable: inspected_platform")
}

// platform returns the name of the platform, or "" if the list does not name it.
func (p *InspectedPlatform) platform() string {
	if p.entry.Platform == nil {
		return ""
	}
	return p.entry.Platform.String()
}

// Attr implements starlark.HasAttrs.
func (p *InspectedPlatform) Attr(name string) (starlark.Value, error) {
	var named validate.Platform
	if p.entry.Platform != nil {
		named = *p.entry.Platform
	}
	switch name {
	case "platform":
		return starlark.String(p.platform()), nil
	case "os":
		return starlark.String(named.OS), nil
	case "architecture":
		return starlark.String(named.Architecture), nil
	case "variant":
		return starlark.String(named.Variant), nil
	case "os_version":
		return starlark.String(named.OSVersion), nil
	case "wanted":
		return starlark.Bool(p.execution.Question.Wants(named)), nil
	case "reference":
		return starlark.String(imagelist.Reference(p.repository, p.entry.Digest)), nil
	case "media_type":
		return starlark.String(p.entry.MediaType), nil
	case "digest":
		return starlark.String(p.entry.Digest), nil
	case "annotations":
		return frozenDict(p.entry.Annotations), nil
	case "size", "labels", "created":
		own, err := p.read()
		if err != nil {
			return nil, err
		}
		return contentAttr(own, name), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (p *InspectedPlatform) AttrNames() []string {
	return []string{"annotations", "architecture", "created", "digest", "labels", "media_type", "os", "os_version", "platform", "reference", "size", "variant", "wanted"}
}

// read returns the image of the platform. The first call reads the image from the
// registry. If that fails, the next call tries again.
func (p *InspectedPlatform) read() (*validate.Inspection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own != nil {
		return p.own, nil
	}
	var own *validate.Inspection
	// The context is that of the execution, because a script may use this value
	// after the thread that made it has ended.
	err := p.execution.Engine.Work(p.execution.ctx, p.repository, func(ctx context.Context) (err error) {
		own, err = p.execution.Lookup.Inspect(ctx, p.repository, p.entry.Digest)
		return err
	})
	if err != nil {
		return nil, err
	}
	if own.Manifest.IsList() {
		return nil, fmt.Errorf("%s is a list within a list: only an image has size, labels and created; inspect(platform.reference) shows its platforms", imagelist.Reference(p.repository, p.entry.Digest))
	}
	p.own = own
	return own, nil
}

// contentAttr returns the size, labels or creation time of one image or artifact, or
// None if it is not known.
func contentAttr(i *validate.Inspection, name string) starlark.Value {
	switch name {
	case "size":
		if size, known := i.Size(); known {
			return starlark.MakeInt64(size)
		}
	case "labels":
		var labels map[string]string
		if i.Config != nil {
			labels = i.Config.Runtime.Labels
		}
		return frozenDict(labels)
	case "created":
		if created := i.Created(); !created.IsZero() {
			return startime.Time(created)
		}
	}
	return starlark.None
}
