package job

import (
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/results"
	"mvrun/starlib/source"
)

// openResults opens the results file, if there is one, and returns the results
// that the run goes on from.
func (j *Job) openResults() (earlier results.Earlier, err error) {
	c := &j.config
	if c.Results == "" {
		return results.Earlier{}, nil
	}
	header, hints := c.header(j.lists.own), results.Hints{File: "--results", Resume: "--resume"}
	switch {
	case c.Results == standardOutput:
		j.results, err = results.Stream(c.Console.Stdout, "standard output", header, hints)
	case c.Resume:
		j.results, earlier, err = results.Resume(c.Results, header, hints)
	default:
		j.results, err = results.Create(c.Results, header, hints)
	}
	if err == nil {
		j.onClose(func() { j.results.Close() })
	}
	return earlier, err
}

// header returns the first line of the results file.
func (c *Config) header(list *imagelist.List) results.Header {
	q := c.Question
	h := results.Header{Version: c.Version, Script: c.Script.Name, ScriptSHA256: c.Script.SHA256(source.Access{Folders: c.AllowDirs}), Started: time.Now(),
		Question: results.Question{Rules: q.Rules, Depth: q.Depth, Arch: q.Arch, OS: q.OS, Sample: q.Sample.String(), Provenance: q.Provenance, Referrers: q.Referrers, SharedBlobs: c.SharedBlobs}}
	h.Run, h.RunFrom = runID(c.Console.Getenv)
	if list == nil {
		return h
	}
	h.List = list.Name
	if list.SHA256 != "" {
		lines, _ := list.Known()
		h.ListSHA256, h.ListLines = &list.SHA256, new(imagelist.CountNumbers(lines))
	}
	return h
}
