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

// secret is a text that is hidden.
type secret struct {
	text  string
	forms []string // the text as it may stand in a message
}

// secretsOf returns the texts that are searched for, the longest first. Their forms are
// made once, because every message is searched.
func secretsOf(texts ...string) []secret {
	var secrets []secret
	for _, text := range texts {
		if text != "" && !isOrdinary(text) {
			secrets = append(secrets, secret{text, formsOf(text)})
		}
	}
	slices.SortFunc(secrets, func(a, b secret) int { return len(b.text) - len(a.text) })
	return secrets
}

// hide replaces secrets in words that came from outside. It also finds them where some of
// their characters are escaped, as in URLs, in JSON and in Go's quotes, and their beginnings
// where somebody has cut the words.
func hide(words string, secrets []secret) string {
	for _, secret := range secrets {
		if len(secret.text) < minInside {
			for _, form := range secret.forms {
				words = hideWord(words, form)
			}
			continue
		}
		for _, form := range secret.forms {
			words = strings.ReplaceAll(words, form, redacted)
		}
		words = hideInside(words, secret.text)
	}
	return words
}

// hideInside replaces a secret wherever it stands, and its beginning if the words have at
// least minPart characters of it.
func hideInside(words, secret string) string {
	var b strings.Builder
	rest := 0 // the index of what is not in b yet
	for i := 0; i < len(words); i++ {
		if end, length := beginningAt(words, i, secret); length == len(secret) || length >= minPart {
			b.WriteString(words[rest:i] + redacted)
			rest, i = end, end-1
		}
	}
	if rest == 0 {
		return words
	}
	return b.String() + words[rest:]
}

// beginningAt returns how many bytes of a secret stand in words at an index, each as it is
// or escaped, and the index of what follows.
func beginningAt(words string, at int, secret string) (end, length int) {
	for length < len(secret) {
		size := sizeOf(words[at:], secret[length])
		if size == 0 {
			break
		}
		at, length = at+size, length+1
	}
	return at, length
}

// sizeOf returns how many bytes at the beginning of words stand for a byte of a secret, or
// 0: "%2F", "%252f", "\\u002f", "\\x2f" and "\\/" stand for "/". Which characters are escaped
// differs from program to program.
func sizeOf(words string, c byte) int {
	if words == "" {
		return 0
	}
	rest := strings.TrimLeft(words, `\`)
	slashes := len(words) - len(rest)
	switch {
	case c == '\\' && slashes > 0:
		return min(slashes, 2-slashes%2)
	case slashes > 0 && len(rest) >= 3 && rest[0] == 'x' && isHex(rest[1:3], c):
		return slashes + 3
	case slashes > 0 && len(rest) >= 5 && rest[0] == 'u' && rest[1:3] == "00" && isHex(rest[3:5], c):
		return slashes + 5
	case slashes > 0 && rest != "" && rest[0] == c && !isAlphanumeric(c):
		return slashes + 1
	case words[0] == c:
		return 1
	case words[0] == '+' && c == ' ':
		return 1
	case words[0] != '%':
		return 0
	}
	hex := words[1:]
	for strings.HasPrefix(hex, "25") && !isHex(hex[:2], c) {
		hex = hex[2:] // each time that a URL is escaped once more, "%" becomes "%25"
	}
	if len(hex) >= 2 && isHex(hex[:2], c) {
		return len(words) - len(hex) + 2
	}
	return 0
}

// isHex reports whether two hexadecimal digits stand for a byte.
func isHex(digits string, c byte) bool {
	n, err := strconv.ParseUint(digits, 16, 8)
	return err == nil && byte(n) == c
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
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
