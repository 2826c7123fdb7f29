package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	containerddocker "github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	imagedocker "go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/pkg/compression"
	"go.podman.io/image/v5/types"
)

// These nodes pull images with the code of containerd, and with the library of CRI-O.
// What needs a daemon or root's rights is left out: a node unpacks layers only to
// compute their digests.

// pulled is what a node runs: the system and its architecture, what a process starts
// with, and the uncompressed layers.
type pulled struct{ platform, config, layers string }

// node is a machine that pulls images.
type node struct {
	name     string
	platform string // the beginning of a platform that runs there
	pull     func(ctx context.Context, reference, dir string) (pulled, error)
}

// nodes are machines of the wanted platforms.
var nodes = []node{
	{"containerd on linux/amd64", "linux/amd64", containerdOn(platforms.Only(ocispec.Platform{OS: "linux", Architecture: "amd64"}))},
	{"containerd on linux/arm64", "linux/arm64", containerdOn(platforms.Only(ocispec.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}))},
	{"containerd on Windows Server 2019", "windows/amd64/10.0.17763.", containerdOn(windowsOf("10.0.17763"))},
	{"containerd on Windows Server 2022", "windows/amd64/10.0.20348.", containerdOn(windowsOf("10.0.20348"))},
	{"CRI-O on linux/amd64", "linux/amd64", crioOn("amd64", "")},
	{"CRI-O on linux/arm64", "linux/arm64", crioOn("arm64", "v8")},
}

// windows orders images as containerd does on Windows. platforms.Default returns the
// same order, but only there: windowsMatchComparer in platform_windows_compat.go.
type windows struct{ platforms.Matcher }

func windowsOf(version string) windows {
	return windows{platforms.NewMatcher(ocispec.Platform{OS: "windows", Architecture: "amd64", OSVersion: version})}
}

func (w windows) Less(a, b ocispec.Platform) bool {
	if w.Match(a) && w.Match(b) {
		return a.OSVersion > b.OSVersion
	}
	return w.Match(a) && !w.Match(b)
}

// containerdOn returns how containerd pulls. The steps are those of Client.fetch in
// client/pull.go, and those of Unpacker.Unpack in core/unpack/unpacker.go.
func containerdOn(platform platforms.MatchComparer) func(context.Context, string, string) (pulled, error) {
	return func(ctx context.Context, reference, dir string) (pulled, error) {
		store, err := local.NewStore(dir)
		if err != nil {
			return pulled{}, err
		}
		resolver := containerddocker.NewResolver(containerddocker.ResolverOptions{
			Hosts: containerddocker.ConfigureDefaultRegistries(
				containerddocker.WithClient(http.DefaultClient), // one pool of connections for all nodes
				containerddocker.WithPlainHTTP(containerddocker.MatchLocalhost)),
		})
		name, root, err := resolver.Resolve(ctx, reference)
		if err != nil {
			return pulled{}, err
		}
		fetcher, err := resolver.Fetcher(ctx, name)
		if err != nil {
			return pulled{}, err
		}
		children := images.LimitManifests(images.FilterPlatforms(images.ChildrenHandler(store), platform), platform, 1)
		if err := images.Dispatch(ctx, images.Handlers(remotes.FetchHandler(store, fetcher), children), nil, root); err != nil {
			return pulled{}, err
		}
		chosen, err := images.Manifest(ctx, store, root, platform)
		if err != nil {
			return pulled{}, err
		}
		config, err := content.ReadBlob(ctx, store, chosen.Config)
		if err != nil {
			return pulled{}, err
		}
		layers := slices.DeleteFunc(chosen.Layers, func(layer ocispec.Descriptor) bool { return !images.IsLayerType(layer.MediaType) })
		return unpack(config, len(layers), func(i int) (io.ReadCloser, error) {
			blob, err := content.ReadBlob(ctx, store, layers[i])
			if err != nil {
				return nil, err
			}
			return diff.GetProcessor(ctx, diff.NewProcessorChain(layers[i].MediaType, bytes.NewReader(blob)), nil)
		})
	}
}

// crioOn returns how CRI-O pulls. The steps are those of copy.Image in copy/copy.go and
// copy/single.go of go.podman.io/image, which needs a library in C.
func crioOn(architecture, variant string) func(context.Context, string, string) (pulled, error) {
	return func(ctx context.Context, reference, dir string) (pulled, error) {
		system := &types.SystemContext{
			OSChoice: "linux", ArchitectureChoice: architecture, VariantChoice: variant, DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
			AuthFilePath: filepath.Join(dir, "auth.json"), SystemRegistriesConfPath: os.DevNull, SystemRegistriesConfDirPath: dir, RegistriesDirPath: dir,
		}
		named, err := imagedocker.ParseReference("//" + reference)
		if err != nil {
			return pulled{}, err
		}
		source, err := named.NewImageSource(ctx, system)
		if err != nil {
			return pulled{}, err
		}
		defer source.Close()
		unparsed, err := choose(ctx, system, source)
		if err != nil {
			return pulled{}, err
		}
		chosen, err := image.FromUnparsedImage(ctx, system, unparsed)
		if err != nil {
			return pulled{}, err
		}
		config, err := chosen.ConfigBlob(ctx)
		if err != nil {
			return pulled{}, err
		}
		layers := chosen.LayerInfos()
		return unpack(config, len(layers), func(i int) (io.ReadCloser, error) {
			blob, _, err := source.GetBlob(ctx, layers[i], none.NoCache)
			if err != nil {
				return nil, err
			}
			defer blob.Close()
			return checkedLayer(blob, layers[i])
		})
	}
}

// choose returns the image that CRI-O takes: the one under the tag, or one of its list.
func choose(ctx context.Context, system *types.SystemContext, source types.ImageSource) (*image.UnparsedImage, error) {
	top := image.UnparsedInstance(source, nil)
	body, mediaType, err := top.Manifest(ctx)
	if err != nil || !manifest.MIMETypeIsMultiImage(mediaType) {
		return top, err
	}
	list, err := manifest.ListFromBlob(body, mediaType)
	if err != nil {
		return nil, err
	}
	digest, err := list.ChooseInstance(system) // prefers images of zstd layers, as copy.Image does
	if err != nil {
		return nil, err
	}
	chosen := image.UnparsedInstance(source, &digest)
	if _, mediaType, err = chosen.Manifest(ctx); err != nil {
		return nil, err
	}
	if manifest.MIMETypeIsMultiImage(mediaType) {
		return nil, errors.New("a list in a list")
	}
	return chosen, nil
}

// checkedLayer returns the uncompressed layer, after the checks of PutBlob in
// storage/storage_dest.go.
func checkedLayer(blob io.Reader, layer types.BlobInfo) (io.ReadCloser, error) {
	body, err := io.ReadAll(blob)
	if err != nil {
		return nil, err
	}
	if layer.Size != -1 && layer.Size != int64(len(body)) {
		return nil, fmt.Errorf("layer %s has %d bytes instead of %d", layer.Digest, len(body), layer.Size)
	}
	if layer.Digest.Algorithm().FromBytes(body) != layer.Digest {
		return nil, fmt.Errorf("layer %s is corrupt", layer.Digest)
	}
	uncompressed, _, err := compression.AutoDecompress(bytes.NewReader(body))
	return uncompressed, err
}

// unpack compares the layers with the config, and returns both.
func unpack(config []byte, count int, layer func(int) (io.ReadCloser, error)) (pulled, error) {
	var parsed ocispec.Image
	if err := json.Unmarshal(config, &parsed); err != nil {
		return pulled{}, err
	}
	if count != len(parsed.RootFS.DiffIDs) {
		return pulled{}, fmt.Errorf("%d layers, but the config has %d", count, len(parsed.RootFS.DiffIDs))
	}
	for i, want := range parsed.RootFS.DiffIDs {
		uncompressed, err := layer(i)
		if err != nil {
			return pulled{}, err
		}
		got, err := digest.FromReader(uncompressed)
		uncompressed.Close()
		if err != nil {
			return pulled{}, err
		}
		if got != want {
			return pulled{}, fmt.Errorf("layer %d is %s uncompressed, but the config says %s", i, got, want)
		}
	}
	runs, err := json.Marshal(parsed.Config)
	if err != nil {
		return pulled{}, err
	}
	return pulled{parsed.OS + "/" + parsed.Architecture, string(runs), fmt.Sprint(parsed.RootFS.DiffIDs)}, nil
}
