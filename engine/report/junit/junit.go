package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"time"
)

// Counts are the numbers of cases, and how long they took.
type Counts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"` // as Seconds writes it
}

// Suite is a group of cases.
type Suite struct {
	Name    string
	Started time.Time // left out if it is zero
	Counts
	Properties []Property
	Cases      iter.Seq[Case]
}

// Property is what a reader may want to know of a suite.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is a test. It passed unless one of Failure, Error and Skipped is set.
type Case struct {
	ClassName string  `xml:"classname,attr"`
	Name      string  `xml:"name,attr"`
	File      string  `xml:"file,attr,omitempty"`
	Line      int     `xml:"line,attr,omitempty"`
	Time      string  `xml:"time,attr"` // as Seconds writes it
	Failure   *Detail `xml:"failure"`
	Error     *Detail `xml:"error"`
	Skipped   *Detail `xml:"skipped"`
	Output    string  `xml:"system-out,omitempty"`
}

// Detail says why a case did not pass. GitLab shows only the text, so the text must have
// the message, too.
type Detail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Seconds writes a time as all readers know it.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// Write writes a report. Package xml replaces characters that XML cannot have.
func Write(w io.Writer, all Counts, suites []Suite) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	report := struct {
		XMLName xml.Name `xml:"testsuites"`
		Counts
		Suites []Suite `xml:"testsuite"`
	}{Counts: all, Suites: suites}
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// timestamp is how Jenkins reads a time: without a zone.
const timestamp = "2006-01-02T15:04:05"

// MarshalXML implements xml.Marshaler. It takes one case after the other.
func (s Suite) MarshalXML(encoder *xml.Encoder, start xml.StartElement) error {
	attribute := func(name, value string) {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	}
	attribute("name", s.Name)
	if !s.Started.IsZero() {
		attribute("timestamp", s.Started.UTC().Format(timestamp))
	}
	attribute("tests", fmt.Sprint(s.Tests))
	attribute("failures", fmt.Sprint(s.Failures))
	attribute("errors", fmt.Sprint(s.Errors))
	attribute("skipped", fmt.Sprint(s.Skipped))
	attribute("time", s.Time)
	if err := encoder.EncodeToken(start); err != nil {
		return err
	}
	if len(s.Properties) > 0 {
		properties := struct {
			XMLName xml.Name   `xml:"properties"`
			All     []Property `xml:"property"`
		}{All: s.Properties}
		if err := encoder.Encode(properties); err != nil {
			return err
		}
	}
	for testCase := range s.Cases {
		if err := encoder.EncodeElement(testCase, xml.StartElement{Name: xml.Name{Local: "testcase"}}); err != nil {
			return err
		}
	}
	return encoder.EncodeToken(start.End())
}
