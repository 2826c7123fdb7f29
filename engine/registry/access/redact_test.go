package access

import (
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	const long, short, odd = "s3cret-passw0rd-0123456789", "auth", "p&ss w\"rd/1"
	for _, test := range []struct{ words, want string }{
		{"the password is " + long + ".", "the password is REDACTED."},
		{"the word is cut " + long[:12] + "…", "the word is cut REDACTED…"},
		{"too little of it " + long[:7], "too little of it " + long[:7]},
		{"no authentication for auth, not authorized", "no authentication for REDACTED, not authorized"},
		{"as a URL: ?p=p%26ss+w%22rd%2F1&x=1", "as a URL: ?p=REDACTED&x=1"},
		{"as a path: /p&ss%20w%22rd%2F1/x", "as a path: /REDACTED/x"},
		{`in quotes: "p&ss w\"rd/1"`, `in quotes: "REDACTED"`},
		{`in JSON: "p\u0026ss w\"rd/1"`, `in JSON: "REDACTED"`},
		{strings.Repeat(long, 2), "REDACTEDREDACTED"},
		{"nothing", "nothing"},
	} {
		if got := hide(test.words, []string{long, short, odd, ""}); got != test.want {
			t.Errorf("%q: got %q, want %q", test.words, got, test.want)
		}
	}
}
