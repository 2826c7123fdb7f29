package validate

import "testing"

// TestElsewhere shows what is said of an image that no mirror has: it is missing, also if
// the line names a digest beside the tag.
func TestElsewhere(t *testing.T) {
	const words = "no mirror has it; a node would pull it from docker.io"
	missing := &Fact{Missing: true, Elsewhere: words}
	source := &Manifest{MediaType: TypeDockerList, Digest: app.digest(), Children: []Descriptor{{Digest: amd64.digest(), Platform: &Platform{OS: "linux", Architecture: "amd64"}}}}
	there := &Fact{Digest: app.digest(), Size: 1}
	for _, rules := range []Rules{Hangar, Content, Exact, Present} {
		for _, digest := range []string{"", app.digest()} {
			known := Known{
				{Side: Source, Action: HeadManifest}:                            there,
				{Side: Destination, Action: ReadManifest}:                       missing,
				{Side: Destination, Action: ReadManifest, Digest: app.digest()}: missing,
				{Side: Destination, Action: HeadManifest, Digest: app.digest()}: missing,
				{Side: Source, Action: ReadManifest}:                            {Digest: app.digest(), Manifest: source},
				{Side: Source, Action: ReadManifest, Digest: app.digest()}:      {Digest: app.digest(), Manifest: source},
			}
			verdict, needs := Compare(Question{Source: "docker.io/a", Destination: "docker.io/a", Rules: rules, Arch: []string{"amd64"}, OS: []string{"linux"}, Depth: Manifests, Digest: digest, Tag: "1"}, known)
			if len(needs) > 0 || verdict.Reason != DestinationMissing || verdict.Message != "destination manifest does not exists: "+words {
				t.Errorf("%s, digest %q: %+v, needs %v", rules, digest, verdict, needs)
			}
		}
	}
}
