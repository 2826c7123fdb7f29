package job

import (
	"fmt"
	"os"
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
		return results.Earlier{}, j.openRecords()
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
	if err != nil {
		return earlier, err
	}
	j.onClose(func() { j.results.Close() })
	j.records = append(j.records, j.results)
	if j.results.IsReadable() {
		j.readAs = c.Results
		return earlier, nil
	}
	return earlier, j.openRecords()
}

// openRecords opens a temporary results file, if there are reports to make of it.
func (j *Job) openRecords() error {
	c := &j.config
	if len(c.Reports) == 0 {
		return nil
	}
	temporary, err := os.CreateTemp("", "mvrun-*.jsonl")
	if err != nil {
		return fmt.Errorf("making a temporary file for the reports: %w", err)
	}
	j.readAs = temporary.Name()
	j.onClose(func() { os.Remove(j.readAs) })
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("making a temporary file for the reports: %w", err)
	}
	file, err := results.Create(j.readAs, c.header(j.lists.own), results.Hints{})
	if err != nil {
		return fmt.Errorf("the reports need a temporary file: %w", err)
	}
	j.onClose(func() { file.Close() })
	j.records = append(j.records, file)
	return nil
}

// header returns the first line of the results file.
func (c *Config) header(list *imagelist.List) results.Header {
	q := c.Question
	h := results.Header{Version: c.Version, Script: c.Script.Name, ScriptSHA256: c.Script.SHA256(source.Access{Folders: c.AllowDirs}), Started: time.Now(),
		Question: results.Question{Rules: q.Rules, Depth: q.Depth, Arch: q.Arch, OS: q.OS, Sample: q.Sample.String(), Provenance: q.Provenance, Referrers: q.Referrers, SharedBlobs: c.SharedBlobs,
			Source: imagelist.HideLogin(c.Options.Source), Destination: imagelist.HideLogin(c.Options.Destination)}}
	h.Run, h.RunFrom = runID(c.Console.Getenv)
	if !c.Shard.IsWhole() {
		h.Shard = new(results.Shard(c.Shard.Shard))
	}
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
