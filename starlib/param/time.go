package param

import (
	"fmt"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
)

// Duration is an argument that is a length of time. A script may write it as
// "1m30s", as a number of seconds, or as a duration of the module time.
type Duration time.Duration

// Unpack implements starlark.Unpacker.
func (d *Duration) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case startime.Duration:
		*d = Duration(v)
	case starlark.String:
		parsed, err := time.ParseDuration(string(v))
		if err != nil {
			return fmt.Errorf("got %s, want a duration such as \"1m30s\"", v)
		}
		*d = Duration(parsed)
	default:
		seconds, ok := starlark.AsFloat(v)
		if !ok {
			return fmt.Errorf("got %s, want a duration such as \"1m30s\", or a number of seconds", v.Type())
		}
		*d = Duration(seconds * float64(time.Second))
	}
	if *d < 0 {
		return fmt.Errorf("got %s, want no less than 0", v)
	}
	return nil
}

// Time is an argument that is a point in time. A script may write it as
// "2027-03-31", as "2027-03-31T12:00:00Z", or as a time of the module time.
type Time time.Time

// Unpack implements starlark.Unpacker.
func (t *Time) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case startime.Time:
		*t = Time(v)
		return nil
	case starlark.String:
		for _, format := range []string{time.DateOnly, time.RFC3339} {
			if parsed, err := time.Parse(format, string(v)); err == nil {
				*t = Time(parsed)
				return nil
			}
		}
	}
	return fmt.Errorf("got %s, want a date such as \"2027-03-31\", or a time such as \"2027-03-31T12:00:00Z\"", v)
}
