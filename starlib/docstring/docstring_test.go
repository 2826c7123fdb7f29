package docstring

import (
	"reflect"
	"testing"
)

const doc = `Says hello.

    Twice.

    Args:
      name (str): who
        is: greeted
      *rest: who else
      broken line
      empty:

    Returns:
      the text
        - indented

    That is all.
    `

func TestCut(t *testing.T) {
	rest, body := Cut(doc, "Returns")
	if want := "the text\n  - indented"; body != want {
		t.Errorf("the body is %q, want %q", body, want)
	}
	rest, _ = Cut(rest, "Args")
	if want := "Says hello.\n\nTwice.\n\nThat is all."; rest != want {
		t.Errorf("the rest is %q, want %q", rest, want)
	}
	if rest, body := Cut("Says.", "Args"); rest != "Says." || body != "" {
		t.Errorf("got %q and %q", rest, body)
	}
}

func TestItems(t *testing.T) {
	_, body := Cut(doc, "Args")
	want := []Item{{"name", "str", "who is: greeted"}, {"*rest", "", "who else broken line"}, {"empty", "", ""}}
	if got := Items(body); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
