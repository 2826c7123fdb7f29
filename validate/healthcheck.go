package validate

import (
	"encoding/json"
	"reflect"
)

// healthcheck is a check that Docker and Podman run in a container again and again.
// Kubernetes has its own probes, and its nodes ignore this check. Numbers are kept as
// they are written: a float64 does not hold all of them.
// https://github.com/moby/docker-image-spec/blob/v1.3.1/specs-go/v1/image.go
type healthcheck struct {
	Test          any             `json:",omitempty"`
	Interval      json.RawMessage `json:",omitempty"`
	Timeout       json.RawMessage `json:",omitempty"`
	StartPeriod   json.RawMessage `json:",omitempty"`
	StartInterval json.RawMessage `json:",omitempty"`
	Retries       json.RawMessage `json:",omitempty"`
}

// kind returns how the check is run: "CMD" runs a command, "CMD-SHELL" a line of a
// shell. It returns "" if there is no check, or a check in another form.
func (h healthcheck) kind() string {
	test, _ := h.Test.([]any)
	if len(test) == 0 {
		return ""
	}
	kind, _ := test[0].(string)
	return kind
}

// normal returns the check without what means nothing: a number that is 0 or null
// stands for the default, and the kind "NONE" for no check at all.
func (h healthcheck) normal() healthcheck {
	if h.kind() == "NONE" {
		return healthcheck{}
	}
	for _, number := range []*json.RawMessage{&h.Interval, &h.Timeout, &h.StartPeriod, &h.StartInterval, &h.Retries} {
		if text := string(*number); text == "0" || text == "null" {
			*number = nil
		}
	}
	return h
}

// isSame reports whether two checks do the same.
func (h healthcheck) isSame(other healthcheck) bool {
	return reflect.DeepEqual(h.normal(), other.normal())
}
