package access

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// redacted stands in place of a secret.
	redacted = "REDACTED"
	// minInside is the length of the shortest secret that is searched for inside words.
	// A shorter one is hidden only where it is a word of its own: the password "auth"
	// must not make the message unreadable.
	minInside = 6
	// minPart is how many bytes of a secret's beginning show the secret, where a
	// message was cut short.
	minPart = 8
)

// hide replaces secrets in words that came from outside. It also finds them as they are
// escaped in URLs, in JSON and in Go's quotes, and their beginnings where somebody has
// cut the words.
func hide(words string, secrets []string) string {
	if words == "" {
		return ""
	}
	forms := map[string]bool{}
	for _, secret := range secrets {
		if isOrdinary(secret) {
			continue
		}
		for _, form := range formsOf(secret) {
			forms[form] = true
		}
	}
	longestFirst := slices.SortedFunc(keys(forms), func(a, b string) int { return len(b) - len(a) })
	for _, form := range longestFirst {
		if len(form) >= minInside {
			words = strings.ReplaceAll(words, form, redacted)
		} else {
			words = hideWord(words, form)
		}
	}
	for _, form := range longestFirst {
		words = hideBeginning(words, form)
	}
	return words
}

func keys(set map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range set {
			if key != "" && !yield(key) {
				return
			}
		}
	}
}

// formsOf returns a secret as it may stand in a message.
func formsOf(secret string) []string {
	quoted := strconv.Quote(secret)
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), quoted[1 : len(quoted)-1]}
	if inJSON, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(inJSON[1:len(inJSON)-1]))
	}
	return forms
}

// hideWord replaces a secret where it is a word of its own.
func hideWord(words, secret string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(words, secret)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if isWord(last) || isWord(next) {
			b.WriteString(secret)
		} else {
			b.WriteString(redacted)
		}
		words = after
	}
}

// isWord reports whether a character belongs to a word, or to the name of a host or of a
// repository: the password "test" is not hidden in "team/test".
func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/.-_", r))
}

// ordinaryWords are words of this program's own messages, of media types and of platforms.
// Some people have such a password. Hiding it would make messages unreadable, and would show
// everybody what it is.
var ordinaryWords = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`amd64 annotations answer application architecture archive arm64 artifact attestation
		auth authentication authorization basic bearer blob bytes certificate child children config connection container
		containerd content converted corrupt credentials data default denied destination differs digest distribution docker
		empty error example exists failed forbidden found hangar harbor host http https identical image index invalid
		json label labels latest layer layers length library linux list local localhost manifest manifests match media mirror
		missing name names node nodes not null number one other password pass platform platforms private project proxy public
		quay reading refused registry repository request required root schema secret server sha256 sha512 size skip source
		status store tag tags team test text the timeout title token tokens true two type unauthorized unknown unreachable user
		username value variant vendor version warning windows word words wrong`) {
		words[word] = true
	}
	return words
}()

// isOrdinary reports whether a secret is not searched for, because it stands in many
// messages anyway. That is so for ordinary words, and for few digits, such as a port's.
func isOrdinary(secret string) bool {
	onlyDigits := strings.Trim(secret, "0123456789") == ""
	return ordinaryWords[strings.ToLower(secret)] || onlyDigits && len(secret) < minInside
}

// hasLongWord reports whether words have something that could be a token of a token server:
// at least minPart characters, and not only small letters.
func hasLongWord(words string) bool {
	length, odd := 0, false
	for i := range len(words) {
		switch c := words[i]; {
		case c >= 'a' && c <= 'z':
			length++
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', strings.IndexByte("._~+=%-\\", c) >= 0:
			length, odd = length+1, true
		default:
			length, odd = 0, false
		}
		if odd && length >= minPart {
			return true
		}
	}
	return false
}

// hasBeginning reports whether words have the beginning of a token. No escape changes
// letters and digits, so the first of these are enough.
func hasBeginning(words, token string) bool {
	begin := token[:min(len(token), minPart)]
	if i := strings.IndexFunc(begin, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); i >= 0 {
		begin = begin[:i]
	}
	return strings.Contains(words, begin)
}

// hideBeginning replaces the beginning of a secret, as far as the words have it.
func hideBeginning(words, secret string) string {
	if len(secret) <= minPart {
		return words
	}
	for from := 0; ; {
		at := strings.Index(words[from:], secret[:minPart])
		if at < 0 {
			return words
		}
		at += from
		end := at + minPart
		for end < len(words) && end-at < len(secret) && words[end] == secret[end-at] {
			end++
		}
		words = words[:at] + redacted + words[end:]
		from = at + len(redacted)
	}
}
