package wire

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// links returns the names of a transport and of the links below it, in the words of
// chain.go. It stops at the connections, which have no field next.
func links(transport http.RoundTripper) []string {
	var found []string
	for v := reflect.ValueOf(transport); ; {
		link := v.Elem()
		found = append(found, strings.TrimSuffix(link.Type().Name(), "Transport"))
		next := link.FieldByName("next")
		if !next.IsValid() {
			return found
		}
		v = next.Elem()
	}
}

// TestChain checks the order of the links. chain.go explains it.
func TestChain(t *testing.T) {
	const (
		top      = "quota authorization redirect "
		retried  = "circuit retry "
		attempt  = "pace slot limit answer rewrite log location silence "
		unlearnt = "pace slot rewrite log location silence "
	)
	for _, test := range []struct {
		name              string
		once              bool
		requests, contact string
	}{
		{"usually", false, top + retried + attempt, "quota " + retried + attempt},
		{"once", true, top + unlearnt, "quota " + unlearnt},
	} {
		chain := New(Options{Once: test.once}).NewRegistry(Target{Name: "r.example", Host: "r.example"}).NewChain(nobody{})
		for _, chain := range []struct {
			name string
			got  http.RoundTripper
			want string
		}{{"requests", chain.Requests, test.requests}, {"contact", chain.Contact, test.contact}} {
			want := strings.Fields(chain.want + "Connections")
			want[len(want)-1] = "" // links cuts "Transport" off the name http.Transport
			if got := links(chain.got); !slices.Equal(got, want) {
				t.Errorf("%s, %s: the links are %q, want %q", test.name, chain.name, got, want)
			}
		}
	}

	// Requests for tokens have no authorization, and their answers are read as a whole.
	chain := New(Options{}).NewRegistry(Target{}).NewChain(nobody{})
	tokens := chain.Requests.(*quotaTransport).next.(*authorizationTransport).tokens
	if got := links(tokens)[:3]; !slices.Equal(got, []string{"buffer", "quota", "circuit"}) {
		t.Errorf("the links for tokens begin with %q", got)
	}
}

// TestChainStub puts a stub in place of the network. The stub gets the request, and
// it is not a copy.
func TestChainStub(t *testing.T) {
	var got *http.Request
	network := New(Options{UserAgent: "test", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r
		return answer(r, http.StatusOK, ""), nil
	})})
	request := newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/1")
	request.Header.Set("User-Agent", "test")
	chain := network.NewRegistry(Target{Name: "r.example", Host: "r.example", MaxRequests: 1}).NewChain(nobody{})
	response, err := chain.Requests.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if got != request {
		t.Error("the request was copied")
	}
	if n := chain.UnderWay(); n != 1 {
		t.Errorf("%d requests are under way, want 1", n)
	}
	response.Body.Close()
	if n := chain.UnderWay(); n != 0 || network.Requests() != 1 {
		t.Errorf("%d requests are under way at the end, and %d were sent", n, network.Requests())
	}
}
