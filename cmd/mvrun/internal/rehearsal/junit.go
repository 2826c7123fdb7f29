package rehearsal

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"mvrun/engine/disk"
)

// The elements of a JUnit report, as Jenkins, GitLab and the actions of GitHub read
// them. There is no standard. Package xml replaces characters that XML cannot have.
type (
	junitReport struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string `xml:"name,attr"`
		Timestamp string `xml:"timestamp,attr,omitempty"`
		junitCounts
		Cases []junitCase `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"` // in seconds
	}
	junitCase struct {
		ClassName string       `xml:"classname,attr"`
		Name      string       `xml:"name,attr"`
		File      string       `xml:"file,attr"`
		Time      string       `xml:"time,attr"`
		Failure   *junitDetail `xml:"failure"`
		Error     *junitDetail `xml:"error"`
		Output    string       `xml:"system-out,omitempty"`
	}
	junitDetail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes the outcome of all tests to a file in the format of JUnit. A file
// that is broken is an error of its suite, and so is a test that did not finish.
func (r *report) writeJUnit(path string) error {
	all := junitReport{}
	var total time.Duration
	for _, f := range r.files {
		suite, took := f.junit()
		all.Suites = append(all.Suites, suite)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		total += took
	}
	all.Time = inSeconds(total)
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the JUnit report %s: %w", path, err)
	}
	if err := disk.Replace(path, append([]byte(xml.Header), append(text, '\n')...)); err != nil {
		return fmt.Errorf("writing the JUnit report %s: %w", path, err)
	}
	return nil
}

// junit returns the suite of a file, and how long its tests took together.
func (f *testFile) junit() (junitSuite, time.Duration) {
	suite := junitSuite{Name: f.path}
	var total time.Duration
	add := func(c junitCase, took time.Duration) {
		c.ClassName, c.File, c.Time = strings.TrimSuffix(f.path, ".star"), f.path, inSeconds(took)
		total += took
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	if f.err != nil {
		add(junitCase{Name: "file", Error: detail("broken", f.err)}, 0)
	}
	for _, t := range f.tests {
		c := junitCase{Name: t.name}
		switch {
		case f.err != nil:
			continue // no test of a broken file ran
		case !t.finished:
			c.Error = &junitDetail{Message: "mvrun test was interrupted before this test was finished", Type: "interrupted"}
			add(c, 0)
			continue
		case t.err != nil:
			c.Failure = detail("failed", t.err)
			c.Output = excerpt(t.transcript)
		}
		if suite.Timestamp == "" {
			suite.Timestamp = t.started.UTC().Format("2006-01-02T15:04:05")
		}
		add(c, t.ended.Sub(t.started))
	}
	suite.Time = inSeconds(total)
	return suite, total
}

func detail(kind string, err error) *junitDetail {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return &junitDetail{Message: first, Type: kind, Text: err.Error()}
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
