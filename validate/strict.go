package validate

import (
	"fmt"
	"time"
)

// strictConfig has the fields of an image's config with the types that nodes expect, also
// of fields that are not compared, such as the history. If one has another type,
// containerd and CRI-O refuse the whole config, and so the image.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/specs-go/v1/config.go
type strictConfig struct {
	Created      moment   `json:"created"`
	Author       string   `json:"author"`
	Architecture string   `json:"architecture"`
	OS           string   `json:"os"`
	Variant      string   `json:"variant"`
	OSVersion    string   `json:"os.version"`
	OSFeatures   []string `json:"os.features"`
	Config       struct {
		User         string
		ExposedPorts map[string]struct{}
		Env          []string
		Entrypoint   []string
		Cmd          []string
		Volumes      map[string]struct{}
		WorkingDir   string
		Labels       map[string]string
		StopSignal   string
		ArgsEscaped  bool
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	History []struct {
		Created    moment `json:"created"`
		CreatedBy  string `json:"created_by"`
		Author     string `json:"author"`
		Comment    string `json:"comment"`
		EmptyLayer bool   `json:"empty_layer"`
	} `json:"history"`
}

// moment is a time in a config. Only its format is checked.
type moment struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*moment) UnmarshalJSON(body []byte) error {
	if err := new(time.Time).UnmarshalJSON(body); err != nil {
		return fmt.Errorf("the time %s is not in the format of RFC 3339", shorten(string(body), maxNote))
	}
	return nil
}

// refusedBecause says why nodes refuse a config whose compared fields could be read. It
// returns "" if they accept it.
func refusedBecause(body []byte) string {
	if err := parseJSON(body, new(strictConfig)); err != nil {
		return err.Error()
	}
	return ""
}
