package results

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"
)

// lines reads all lines of a results file.
func lines(r io.Reader) (values []any, err error) {
	reader := NewReader(r)
	header, _, err := reader.Header()
	if err != nil {
		return nil, err
	}
	values = append(values, header)
	for {
		value, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		values = append(values, value)
	}
}

// FuzzReader reads a results file that anybody may have written. A run that goes on from
// the file must hold its results, as they stand there, whatever they are.
func FuzzReader(f *testing.F) {
	const header = `{"type":"run","format":2}` + "\n"
	for _, seed := range []string{
		`{"type":"image","number":1,"status":"pass","platforms":[{"platform":"linux/amd64","source":"sha256:a"}]}` + "\n",
		`{"type":"image","missing":[{"digest":"x","layer":-1}],"attempts":-1,"duration_ms":-5}` + "\n" + `{"type":"end","status":0}` + "\n",
		`{"type":"withdrawn","number":1}` + "\n" + `{"type":"resumed"}` + "\n{\"type\":\"imag",
		`{"type":"image","type":"end"}` + "\n" + `{"TYPE":"image"}` + "\n",
	} {
		f.Add([]byte(header + seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		whole, err := lines(bytes.NewReader(content))
		inParts, errInParts := lines(iotest.HalfReader(bytes.NewReader(content)))
		if !reflect.DeepEqual(whole, inParts) || (err == nil) != (errInParts == nil) {
			t.Errorf("%q: as a whole %v, %v; in parts %v, %v", content, whole, err, inParts, errInParts)
		}
		for _, value := range whole {
			record, ok := value.(*Record)
			if !ok {
				continue
			}
			result := record.result()
			packed := result.Pack().Result()
			if packed.Status != result.Status || packed.Message != result.Message || packed.OK() != result.OK() || len(packed.Platforms) != len(result.Platforms) {
				t.Errorf("%q: packed %+v, unpacked %+v", content, result, packed)
			}
		}
	})
}

// TestNamesOfFields shows that a field whose name differs in capitals is another one.
func TestNamesOfFields(t *testing.T) {
	for _, line := range []string{
		`{"type":"image","number":1,"status":"pass","STATUS":"fail"}`,
		`{"type":"image","number":1,"status":"pass","\u0053tatus":"fail"}`,
		`{"type":"image","number":1,"status":"pass","ſtatus":"fail"}`,
		`{"type":"image","number":1,"status":"pass" , "Status" : "fail"}`,
		`{"type":"image","number":1,"message":"a \"STATUS\": b","status":"pass","reasons":{"Status":1}}`,
	} {
		var record Record
		if err := unmarshal([]byte(line), &record); err != nil || record.Status != "pass" || record.Number != 1 {
			t.Errorf("%s is read as %q, %v", line, record.Status, err)
		}
	}
}
