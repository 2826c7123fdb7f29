package results

import (
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

// Format is the version of the file's format. A reader ignores fields that it does
// not know, so only a change that misleads such a reader makes another version.
const Format = 2

// The types of lines.
const (
	TypeRun       = "run"
	TypeImage     = "image"
	TypeWithdrawn = "withdrawn"
	TypeResumed   = "resumed"
	TypeEnd       = "end"
)

// Header is the first line of a results file, of type "run": which run it is of.
type Header struct {
	Type    string `json:"type"`
	Format  int    `json:"format"`
	Run     string `json:"run"`      // the run's id, which the parts of one run share
	RunFrom string `json:"run_from"` // the variable that told the id, or "random"
	Version string `json:"version"`  // of mvrun

	List       string  `json:"list"`        // name of the list, "" if the script names its own
	ListSHA256 *string `json:"list_sha256"` // null for a stream
	ListLines  *int    `json:"list_lines"`  // null for a stream

	Script       string    `json:"script"`
	ScriptSHA256 string    `json:"script_sha256"` // of the script and its modules
	Shard        *Shard    `json:"shard"`         // null if the run is of the whole list
	Question     Question  `json:"question"`
	Started      time.Time `json:"started"`
}

// random stands in a header in place of the variable that told the run's id, if none did.
const random = "random"

// HasRandomID reports whether no variable told the run's id. The ids of the parts of one
// run differ then.
func (h Header) HasRandomID() bool { return h.RunFrom == random }

// Shard says which part of the list a run is of.
type Shard struct {
	Index int `json:"index"` // from 1
	Count int `json:"count"`
}

// Question is what the run's flags ask about every image. A script may ask
// otherwise: the hash in each record says which results answer the same question.
type Question struct {
	Rules      validate.Rules `json:"rules"`
	Depth      validate.Depth `json:"depth"`
	Arch       []string       `json:"arch"`
	OS         []string       `json:"os"`
	Sample     string         `json:"sample"`
	Provenance bool           `json:"provenance"`
	Referrers  bool           `json:"referrers"`

	SharedBlobs bool `json:"shared_blobs,omitempty"` // files of earlier versions do not have it

	// Source and Destination are the registries that the user has put in place of those
	// of the list. They are left out if there are none.
	Source      string `json:"source,omitempty"`
	Destination string `json:"destination,omitempty"`
}

// Image identifies the image of a record. The last record of an image counts,
// unless a later line withdraws it.
type Image struct {
	List           string `json:"list"`   // its name, "" if the script made the image
	Number         int    `json:"number"` // of the line in the list: the log's M_ID
	Source         string `json:"source"` // repository
	Destination    string `json:"destination"`
	SourceTag      string `json:"source_tag"` // as the list has it: TAG, DIGEST or TAG@DIGEST
	DestinationTag string `json:"destination_tag"`
}

// Record is a line of type "image": a result.
type Record struct {
	Type           string `json:"type"`
	List           string `json:"list"`        // its name, "" if the script made the image
	Number         int    `json:"number"`      // of the line in the list: the log's M_ID
	LineNumber     int    `json:"line_number"` // in the list, 0 if the script made the image
	Line           string `json:"line"`
	Source         string `json:"source"` // repository
	Destination    string `json:"destination"`
	SourceTag      string `json:"source_tag"` // as the list has it: TAG, DIGEST or TAG@DIGEST
	DestinationTag string `json:"destination_tag"`
	Tag            string `json:"tag"` // of the destination: TAG, or DIGEST if there is no tag
	// Part counts from 0 the images of an entry that has several, such as the tags of a
	// repository in regsync.yml. It is left out if it is 0.
	Part int `json:"part,omitempty"`
	// Digest is what the destination must have beside the tag. It is left out if the
	// list names no digest beside a tag.
	Digest string `json:"digest,omitempty"`

	Status  validate.Status `json:"status"`
	Reason  validate.Reason `json:"reason"`
	Message string          `json:"message"`
	Match   validate.Match  `json:"match"`

	Platforms         []Platform `json:"platforms"`
	SourceDigest      *string    `json:"source_digest"` // under the tag; null if nobody needed it, or there is none
	DestinationDigest *string    `json:"destination_digest"`
	// ServedBy is the host that answered for the destination. It is left out if the run
	// was not told of mirrors, or if no host had the image.
	ServedBy string            `json:"served_by,omitempty"`
	Missing  []validate.Object `json:"missing"`
	Corrupt  []validate.Object `json:"corrupt"`
	Warnings []string          `json:"warnings"`

	Question   string         `json:"question"` // a hash of what was asked
	Rules      validate.Rules `json:"rules"`    // by which the image was judged; "" if nothing was asked
	Depth      validate.Depth `json:"depth"`
	Sampled    bool           `json:"sampled"`                // only a sample of the blobs was read
	Shared     bool           `json:"shared_blobs,omitempty"` // blobs of the destination were read once for several repositories
	Attempts   int            `json:"attempts"`
	Requests   int            `json:"requests"`
	Started    time.Time      `json:"started"`
	DurationMS int64          `json:"duration_ms"`
	Waived     *string        `json:"waived"`   // why the script accepts the result; null if it does not
	Rejected   *string        `json:"rejected"` // why the script fails the image; null if it does not
}

// Image identifies the record's image.
func (r *Record) Image() Image {
	return Image{r.List, r.Number, r.Source, r.Destination, r.SourceTag, r.DestinationTag}
}

// Platform is the part of a result that concerns one platform.
type Platform struct {
	Platform    string          `json:"platform"`
	Wanted      bool            `json:"wanted"`
	Source      *string         `json:"source"` // digest of the manifest; null if there is none
	Destination *string         `json:"destination"`
	Match       validate.Match  `json:"match"`
	Reason      validate.Reason `json:"reason"`
	Message     string          `json:"message"`
}

// Withdrawn says that the records of an image before this line do not count: the
// script stands by a result with another source or destination.
type Withdrawn struct {
	Type string `json:"type"`
	Image
}

// Resumed says that a run went on from the lines above.
type Resumed struct {
	Type    string    `json:"type"`
	Time    time.Time `json:"time"`
	Version string    `json:"version"`
}

// End is the last line of a run that ended by itself, or in good order. It counts
// only as the last line of the file.
type End struct {
	Type     string    `json:"type"`
	Finished time.Time `json:"finished"`
	Cause    *string   `json:"cause"` // "interrupted", "deadline", "script" or "error" if the script did not come to its end

	Status       int  `json:"status"`        // the exit status
	OwnStatus    int  `json:"own_status"`    // the exit status by the results alone
	ScriptStatus *int `json:"script_status"` // what main returned; null if it returned none

	Images    int                                         `json:"images"`
	Pass      int                                         `json:"pass"`
	Fail      int                                         `json:"fail"`
	Skip      int                                         `json:"skip"`
	Error     int                                         `json:"error"`
	Waived    int                                         `json:"waived"`    // of images, in none of the four above
	Earlier   int                                         `json:"earlier"`   // of images, those that an earlier run found out
	Lines     int                                         `json:"lines"`     // of the part of the list
	Lists     []List                                      `json:"lists"`     // in the order in which the run read them
	LeftOut   int                                         `json:"left_out"`  // lines that the script did not validate
	Unchecked int                                         `json:"unchecked"` // lines that an interrupted run did not reach
	Reasons   map[validate.Status]map[validate.Reason]int `json:"reasons"`
	Matches   map[validate.Match]int                      `json:"matches"`

	Requests    int    `json:"requests"`
	Bytes       int64  `json:"bytes"`
	DurationMS  int64  `json:"duration_ms"`
	FailedList  string `json:"failed_list"` // its path, "" if there is none
	FailedLines int    `json:"failed_lines"`

	// Notices, Recap and Waivers stand only in a report. They are left out if they are empty.
	Notices []string `json:"notices,omitempty"` // what is missing of the run, or ended early
	Recap   []Group  `json:"recap,omitempty"`
	Waivers []Waiver `json:"waivers,omitempty"` // the first ones, at most maxWaivers
}

// List says how many lines a list has. An entry with several images counts as one line.
type List struct {
	Name   string  `json:"name"`
	SHA256 *string `json:"sha256"` // null for a stream
	Lines  int     `json:"lines"`  // of the whole list, as far as they were read
	Part   int     `json:"part"`   // of these, the lines of the run's part of the list
	// Cut is a hash of the destinations by which the list was cut into parts; null for
	// the whole list, and for a stream that was not read to its end.
	Cut *string `json:"cut"`
}

// recordOf returns the record of a result.
func recordOf(r *engine.Result) Record {
	sourceTag, destinationTag := r.Image.WrittenTags()
	record := Record{
		Type: TypeImage, Number: r.Image.Number, LineNumber: r.Image.LineNumber, Part: r.Image.Part, Line: r.Image.Line,
		Source: r.Image.Source, Destination: r.Image.Destination, SourceTag: sourceTag, DestinationTag: destinationTag,
		Tag: r.Image.DestinationLookup(), Digest: r.Image.Digest(),
		Status: r.Status, Reason: r.Reason, Message: r.Message, Match: r.Match,
		Platforms: make([]Platform, len(r.Platforms)), SourceDigest: orNull(r.SourceDigest), DestinationDigest: orNull(r.DestinationDigest), ServedBy: r.ServedBy,
		Missing: r.Missing, Corrupt: r.Corrupt, Warnings: r.Warnings,
		Question: r.Question, Rules: r.Terms.Rules, Depth: r.Terms.Depth, Sampled: r.Terms.Sampled, Shared: r.Terms.SharedBlobs,
		Attempts: r.Attempts, Requests: r.Requests, Started: r.Started, DurationMS: r.Duration.Milliseconds(),
		Waived: orNull(r.Waived), Rejected: orNull(r.Rejected),
	}
	for i, p := range r.Platforms {
		record.Platforms[i] = Platform{p.Platform, p.Wanted, orNull(p.Source), orNull(p.Destination), p.Match, p.Reason, p.Message}
	}
	if record.Missing == nil {
		record.Missing = []validate.Object{}
	}
	if record.Corrupt == nil {
		record.Corrupt = []validate.Object{}
	}
	if record.Warnings == nil {
		record.Warnings = []string{}
	}
	return record
}

// result returns the result of a record that an earlier run wrote. The script
// waives and rejects results again, so the texts for that are left out.
func (r *Record) result() *engine.Result {
	result := &engine.Result{
		Status: r.Status, Reason: r.Reason, Message: r.Message, Match: r.Match,
		Platforms: make([]validate.PlatformVerdict, len(r.Platforms)), SourceDigest: text(r.SourceDigest), DestinationDigest: text(r.DestinationDigest), ServedBy: r.ServedBy,
		Missing: r.Missing, Corrupt: r.Corrupt, Warnings: r.Warnings,
		Question: r.Question, Terms: engine.Terms{Rules: r.Rules, Depth: r.Depth, Sampled: r.Sampled, SharedBlobs: r.Shared},
		Attempts: r.Attempts, Requests: r.Requests, Started: r.Started, Duration: time.Duration(r.DurationMS) * time.Millisecond,
		Earlier: true,
	}
	for i, p := range r.Platforms {
		result.Platforms[i] = validate.PlatformVerdict{Platform: p.Platform, Wanted: p.Wanted, Source: text(p.Source), Destination: text(p.Destination),
			Match: p.Match, Reason: p.Reason, Message: p.Message}
	}
	return result
}

// endOf returns the end of a run.
func endOf(s engine.Summary) End {
	end := End{
		Type: TypeEnd, Finished: time.Now(), Status: s.ExitStatus, OwnStatus: s.OwnStatus, ScriptStatus: s.ScriptStatus,
		Images: s.Images, Pass: s.Status[validate.Pass], Fail: s.Status[validate.Fail], Skip: s.Status[validate.Skip], Error: s.Status[validate.Error],
		Waived: s.Waived, Earlier: s.Earlier, Lines: s.Lines, Lists: make([]List, len(s.Lists)), LeftOut: s.LeftOut - s.Unreached, Unchecked: s.Unreached, Reasons: s.Reasons, Matches: s.Matches,
		Requests: s.Requests, Bytes: s.Bytes, DurationMS: s.Elapsed.Milliseconds(), FailedList: s.FailedList, FailedLines: s.FailedLines,
	}
	for i, list := range s.Lists {
		end.Lists[i] = List{list.Name, orNull(list.SHA256), list.Lines, list.Part, orNull(list.Cut)}
	}
	switch {
	case s.Cause == nil:
		return end
	case s.Interrupted():
		end.Cause = new(causeInterrupted)
	case s.Deadline() != nil:
		end.Cause = new(causeDeadline)
	default:
		end.Cause = new(causeScript)
	}
	return end
}

// orNull returns a text for JSON, null if it is empty.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// text returns a text from JSON, "" for null.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
