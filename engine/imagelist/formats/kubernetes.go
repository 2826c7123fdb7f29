package formats

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"

	"mvrun/engine/imagelist"
)

// This file reads manifests of Kubernetes, such as those that "helm template" prints.

// isKubernetes reports whether a document is an object of Kubernetes.
func isKubernetes(d *yaml.Node) bool {
	return text(field(d, "apiVersion")) != "" && text(field(d, "kind")) != ""
}

// containerLists are the keys of the lists of containers, wherever a pod is described.
var containerLists = []string{"initContainers", "containers", "ephemeralContainers"}

// containerStatuses are the keys under which "kubectl get" prints, for a pod that runs,
// the same images again.
var containerStatuses = []string{"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"}

// manifests walks through manifests. It visits each node once, because a small file can
// repeat a node any number of times with anchors.
type manifests struct {
	*found
	visited map[*yaml.Node]bool
	images  map[string]bool // that were found, because many manifests name the same image
}

func readKubernetes(f *found, ds documents) error {
	m := manifests{f, nil, map[string]bool{}}
	for d, err := range ds {
		if err != nil {
			return err
		}
		m.visited = map[*yaml.Node]bool{} // documents share no nodes
		m.walk(d)
	}
	if len(f.Entries.Entries) == 0 {
		return errors.New("none of the manifests has a container")
	}
	return nil
}

// walk finds the images below a node.
func (m *manifests) walk(n *yaml.Node) {
	if n = target(n); n == nil || m.visited[n] {
		return
	}
	m.visited[n] = true
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			m.walk(child)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := text(n.Content[i]), target(n.Content[i+1])
		switch {
		case slices.Contains(containerLists, name) && value.Kind == yaml.SequenceNode:
			m.takeContainers(value)
		case name == "volumes" && value.Kind == yaml.SequenceNode:
			m.takeVolumes(value)
		case slices.Contains(containerStatuses, name):
		case name == "image" && text(value) != "":
			m.ignore(value.Line, "an image outside of containers", "add such images to a list of their own; here it is "+text(value))
		default:
			m.walk(value)
		}
	}
}

// takeContainers takes the images of a list of containers.
func (m *manifests) takeContainers(containers *yaml.Node) {
	for _, c := range containers.Content {
		if image := field(c, "image"); image != nil {
			m.take(image)
		} else if c = target(c); c.Kind == yaml.MappingNode && field(c, "name") != nil {
			m.add(imagelist.Entry{LineNumber: c.Line, Source: text(field(c, "name")), Err: errors.New("the container has no image")})
		} else {
			m.walk(c) // no container of a pod
		}
	}
}

// takeVolumes takes the images that pods mount as volumes.
func (m *manifests) takeVolumes(volumes *yaml.Node) {
	for _, v := range volumes.Content {
		if reference := field(field(v, "image"), "reference"); reference != nil {
			m.take(reference)
		}
	}
}

// take adds an image, once.
func (m *manifests) take(image *yaml.Node) {
	word := text(image)
	if m.images[word] && word != "" {
		return
	}
	m.images[word] = true
	entry := imagelist.Entry{LineNumber: image.Line, Source: word}
	if word == "" {
		entry.Err = errors.New("the container has no image")
	}
	m.add(entry)
}
