package access

import (
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	const long, short, odd = "s3cret-passw0rd-0123456789", "aut7", "p&ss w\"rd/1"
	for _, test := range []struct{ words, want string }{
		{"the password is " + long + ".", "the password is REDACTED."},
		{"the word is cut " + long[:12] + "…", "the word is cut REDACTED…"},
		{"too little of it " + long[:7], "too little of it " + long[:7]},
		{"no aut7entication for aut7, not aut7orized", "no aut7entication for REDACTED, not aut7orized"},
		{"as a URL: ?p=p%26ss+w%22rd%2F1&x=1", "as a URL: ?p=REDACTED&x=1"},
		{"as a path: /p&ss%20w%22rd%2F1/x", "as a path: /REDACTED/x"},
		{`in quotes: "p&ss w\"rd/1"`, `in quotes: "REDACTED"`},
		{`in JSON: "p\u0026ss w\"rd/1"`, `in JSON: "REDACTED"`},
		{"escaped in part: p%26ss%20w\"rd/1.", "escaped in part: REDACTED."},
		{"escaped twice: p%2526ss%2520w%2522rd%252f1", "escaped twice: REDACTED"},
		{`quoted twice: p\\u0026ss w\\\"rd\/1`, `quoted twice: REDACTED`},
		{"escaped and cut: p%26ss%20w%22r…", "escaped and cut: REDACTED…"},
		{"only escaped: %70%26%73s", "only escaped: %70%26%73s"},
		{strings.Repeat(long, 2), "REDACTEDREDACTED"},
		{"nothing", "nothing"},
		{"the name team/aut7, host aut7.example, tag 1-aut7", "the name team/aut7, host aut7.example, tag 1-aut7"},
		{`"password":"aut7"`, `"password":"REDACTED"`},
	} {
		if got := hide(test.words, secretsOf(long, short, odd, "")); got != test.want {
			t.Errorf("%q: got %q, want %q", test.words, got, test.want)
		}
	}
}

// A password that stands in many messages anyway does not make them unreadable.
func TestHideOrdinary(t *testing.T) {
	const words = `destination manifest MIME type unknown: "application/vnd.docker.distribution.manifest.v2+json" of linux/amd64 at r.example:5000, 401 Unauthorized`
	for _, secret := range []string{"manifest", "Linux", "docker", "5000", "401", "unauthorized", "application", "", "r"} {
		if got := hide(words, secretsOf(secret)); got != words {
			t.Errorf("%q: got %q", secret, got)
		}
	}
}

// Tokens are found among thousands, also where they are escaped or cut.
func TestHasBeginning(t *testing.T) {
	for _, token := range []string{"eyJhbGciOi.payload/with+signs==", "a+b/c4defghijklmnop", "abcdefgh1jk1mnopqrst"} {
		for _, form := range append(formsOf(token), token[:14]+"…") {
			words := "it says " + form + "."
			if !hasLongWord(words) || !hasBeginning(words, token) {
				t.Errorf("%q is not found", words)
			}
		}
	}
	if hasLongWord("platform linux/amd64 differs") {
		t.Error("a platform is taken for a token")
	}
}
