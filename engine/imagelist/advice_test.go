package imagelist

import (
	"strings"
	"testing"
	"unicode"
)

// TestAdvice shows what is said of lines that other programs write.
func TestAdvice(t *testing.T) {
	corp := Options{Destination: "r.io"}
	for _, test := range []struct{ line, want string }{
		{`- nginx:1.27`, `"-" before the image is the mark of a list item, as in YAML or Markdown: leave it out`},
		{`* nginx:1.27`, `"*" before the image is the mark of a list item`},
		{`- image: nginx:1.27`, `"-" before the image is the mark of a list item`},
		{`2. nginx:1.27`, `"2." before the image is the mark of a list item`},
		{`---`, `"---" begins or ends a document of YAML`},
		{`image: nginx:1.27`, `"image:" ends with a colon, as a key of YAML does: write only the image, with its tag`},
		{`spec:`, `"spec:" ends with a colon`},
		{`"nginx:1.27"`, `word 1 begins with a quote, ": write the words without quotes`},
		{`'nginx:1.27'`, `word 1 begins with a quote, '`},
		{"`nginx:1.27`", "word 1 begins with a quote, `: "},
		{`a/b "r.io/a/b" 1`, `word 2 begins with a quote, "`},
		{`nginx:1.27"`, `the line ends with "\"": leave it out`},
		{`nginx:1.27,`, `the line ends with ",": leave it out`},
		{`nginx:1.27;`, `the line ends with ";": leave it out`},
		{`nginx:1.27 \`, `the line ends with "\\": leave it out`},
		{`a/b,r.io/a/b,1`, `"," separates the words: separate them with spaces or tabs`},
		{`a/b;r.io/a/b;1`, `";" separates the words`},
		{`nginx:1.27, redis:7`, `"," stands in the line: write one image a line`},
		{`| nginx | 1.27 |`, `"|" separates columns of a table`},
		{`nginx|1.27`, `"|" separates columns of a table`},
		{`{"image": "nginx:1.27"}`, `is JSON: write only the image, without quotes, keys and brackets`},
		{`"image": "nginx:1.27",`, `is JSON`},
		{`},`, `"}," is JSON`},
		{`["nginx:1.27"]`, `word 1 begins with a bracket, [: write the words without brackets`},
		{`<li>nginx:1.27</li>`, `word 1 begins with a bracket, <`},
		{`docker pull nginx`, `"docker pull" is a command: leave it out, and write only the image`},
		{"docker\tpull  nginx", `"docker pull" is a command`},
		{`sudo podman pull nginx`, `"podman pull" is a command`},
		{`crane copy a/b r.io/a/b:1`, `"crane copy" is a command`},
		{`FROM nginx:1.27`, `"FROM" is an instruction of a Dockerfile`},
		{`${REGISTRY}/nginx:1.27`, `"${" in the line stands for a value that was not filled in`},
		{`{{ .Values.image }}:1.27`, `"{{" in the line stands for a value that was not filled in`},
		{`nginx:1.27#later`, `"nginx:1.27#later" holds a "#": to begin a comment, write a space before the "#"`},
		{`a/b r.io/a/b 1 // later`, `a comment behind an image begins with "#"`},
		{`a/b:1 = r.io/a/b:1`, `"=" stands between the words: leave it out, or write SOURCE=DESTINATION without white space`},
		{`a/b:1 -> r.io/a/b:1`, `"->" stands between the words`},
		{`a/b => r.io/a/b 1`, `"=>" stands between the words`},
		{`nginx:1:2`, `image "nginx:1:2": there are two tags: want NAME:TAG, NAME@DIGEST or NAME:TAG@DIGEST`},

		// These have no such mistake.
		{"[::1/a:1", `"[::1" is no registry`},
		{"https://r.io/a", "leave out the scheme"},
		{"Nginx", "written in lower case"},
	} {
		// The message is the same if nobody knows the destination, and if nobody asks the
		// source: "image:" is not the source of "image: nginx:1.27".
		for _, o := range []Options{corp, {}, {DestinationOnly: true}} {
			_, err := readLine(test.line, o)
			if o.Destination == "" && err != nil && strings.Contains(err.Error(), "needs the destination") {
				continue
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s\ngot  %v\nwant %s", test.line, err, test.want)
			}
		}
	}
	// Where nobody asks the source, a line may leave it out, or name what is no image.
	for _, line := range []string{"- nginx 1", "oci:dir nginx:1", "nginx"} {
		if _, err := readLine(line, Options{DestinationOnly: true}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	// Lines that look similar are images.
	for _, line := range []string{"docker:24", "docker r.io/docker pull", "docker latest/x 1", "image:1", "[::1]:5000/a/b:1", "docker docker run"} {
		if _, err := readLine(line, corp); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func FuzzReadLine(f *testing.F) {
	for _, line := range []string{"- nginx", `"image": "nginx",`, "a,b,c", "docker pull nginx", "a # b", "# a\u2028b", "\ufeffa", "\xff", "$", "sudo docker"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if isNoLine(line) {
			return
		}
		_, err := readLine(line, Options{Destination: "r.io"})
		if err == nil {
			return
		}
		if len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not fit for a terminal: %q", err)
		}
	})
}
