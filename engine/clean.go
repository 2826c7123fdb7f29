package engine

import (
	"slices"

	"mvrun/validate"
)

// clean applies redact to everything in a result that a registry may have written. A verdict
// quotes media types, platforms and labels, and a registry may put into them what was sent to
// it. The facts themselves are not cleaned: a password must not change what is compared.
func (r *Result) clean(redact func(string) string) {
	r.Message = redact(r.Message)
	r.Warnings = slices.Clone(r.Warnings)
	for i, warning := range r.Warnings {
		r.Warnings[i] = redact(warning)
	}
	r.Platforms = slices.Clone(r.Platforms)
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.Platform, p.Message = redact(p.Platform), redact(p.Message)
	}
	r.Missing, r.Corrupt = cleanObjects(r.Missing, redact), cleanObjects(r.Corrupt, redact)
	if r.Lists != nil {
		r.Lists = &validate.Lists{Source: cleanEntries(r.Lists.Source, redact), Destination: cleanEntries(r.Lists.Destination, redact)}
	}
}

func cleanObjects(objects []validate.Object, redact func(string) string) []validate.Object {
	objects = slices.Clone(objects)
	for i := range objects {
		objects[i].Platform = redact(objects[i].Platform)
	}
	return objects
}

func cleanEntries(entries []validate.ListEntry, redact func(string) string) []validate.ListEntry {
	entries = slices.Clone(entries)
	for i := range entries {
		p := &entries[i].Platform
		p.OS, p.Architecture, p.Variant, p.OSVersion = redact(p.OS), redact(p.Architecture), redact(p.Variant), redact(p.OSVersion)
	}
	return entries
}
