package imagelist

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// This file explains lines that are written as another program writes them, such as
// YAML or CSV: what is wrong in the line, and how to write it.

// mistakes are what lines of other formats have. explain says the first one that a
// line has.
var mistakes = []func(line string, words []string) (message string){
	jsonMistake,
	templateMistake,
	arrowMistake,
	listMarkMistake,
	columnMistake,
	keyMistake,
	quoteMistake,
	commentMistake,
	endMistake,
	instructionMistake,
}

// explain returns the error of a line that is no image. It knows more than err if the
// line has one of the mistakes. err may be nil.
func explain(line string, err error) error {
	words := strings.Fields(line)
	for _, mistake := range mistakes {
		if message := mistake(line, words); message != "" {
			return errors.New(message)
		}
	}
	return err
}

// imageCommands are commands, and what they do with images. People copy whole lines of
// scripts.
var imageCommands = map[string][]string{
	"docker": {"pull", "push", "run", "tag", "save"}, "podman": {"pull", "push", "run", "tag", "save"}, "nerdctl": {"pull", "push", "run", "tag", "save"},
	"buildah": {"pull", "push", "from", "tag"}, "crictl": {"pull"}, "crane": {"copy", "cp", "pull", "push"}, "skopeo": {"copy", "inspect", "sync"},
	"oras": {"copy", "cp", "pull", "push"}, "helm": {"pull", "push"},
}

// refuseCommand returns an error for a line such as "docker pull nginx". Its three
// words would otherwise be an image called docker.
func refuseCommand(line string) error {
	end := max(0, strings.IndexAny(line, " \t"))
	if first := line[:end]; first != "sudo" && imageCommands[first] == nil {
		return nil // most lines end here: to split the whole line takes time
	}
	words := strings.Fields(line)
	if len(words) > 1 && words[0] == "sudo" {
		words = words[1:]
	}
	if len(words) < 3 || !slices.Contains(imageCommands[words[0]], words[1]) {
		return nil
	}
	return fmt.Errorf("%s is a command: leave it out, and write only the image", quote(words[0]+" "+words[1]))
}

// jsonKey finds a key of a JSON object, such as "image":.
var jsonKey = regexp.MustCompile(`^"[^"]*"\s*:`)

func jsonMistake(line string, _ []string) string {
	if strings.HasPrefix(line, "{") && !strings.HasPrefix(line, "{{") || jsonKey.MatchString(line) || strings.Trim(line, "[]{}, \t") == "" {
		return fmt.Sprintf("%s is JSON: write only the image, without quotes, keys and brackets", quote(line))
	}
	return ""
}

func templateMistake(line string, _ []string) string {
	for _, mark := range []string{"${", "{{", "$(", "$"} {
		if strings.Contains(line, mark) {
			return fmt.Sprintf("%s in the line stands for a value that was not filled in: write the value", quote(mark))
		}
	}
	return ""
}

// arrowMistake explains a sign between the source and the destination, as other tools
// write it. White space alone stands between words, and "=" has none around it.
func arrowMistake(_ string, words []string) string {
	if len(words) < 3 {
		return ""
	}
	for _, word := range words[1 : len(words)-1] {
		if slices.Contains([]string{"=", "==", "->", "=>", ">", "-->", "→"}, word) {
			return fmt.Sprintf("%s stands between the words: leave it out, or write SOURCE=DESTINATION without white space", quote(word))
		}
	}
	return ""
}

// listNumber finds the number of an item of a list, such as "1." or "2)".
var listNumber = regexp.MustCompile(`^[0-9]+[.)]$`)

func listMarkMistake(_ string, words []string) string {
	switch first := words[0]; {
	case len(words) == 1 && (first == "---" || first == "..."):
		return fmt.Sprintf("%s begins or ends a document of YAML, which is no image", quote(first))
	case len(words) > 1 && (slices.Contains([]string{"-", "*", "+", "•", "–", "—"}, first) || listNumber.MatchString(first)):
		return fmt.Sprintf("%s before the image is the mark of a list item, as in YAML or Markdown: leave it out", quote(first))
	}
	return ""
}

// columnMistake explains columns that are not separated by white space.
func columnMistake(line string, words []string) string {
	if strings.Contains(line, "|") {
		return `"|" separates columns of a table: separate the words with spaces or tabs`
	}
	for _, mark := range []string{",", ";"} {
		inside := strings.Contains(strings.TrimRight(line, mark), mark)
		switch {
		case inside && len(words) == 1:
			return fmt.Sprintf("%s separates the words: separate them with spaces or tabs", quote(mark))
		case inside:
			return fmt.Sprintf("%s stands in the line: write one image a line, and separate words with spaces or tabs alone", quote(mark))
		}
	}
	return ""
}

// keyMistake explains "image: nginx" and "spec:".
func keyMistake(_ string, words []string) string {
	first := words[0]
	if name := strings.TrimSuffix(first, ":"); name != first && name != "" {
		return fmt.Sprintf("%s ends with a colon, as a key of YAML does: write only the image, with its tag", quote(first))
	}
	return ""
}

// quoteMistake explains quotes and brackets around words.
func quoteMistake(_ string, words []string) string {
	for i, word := range words {
		isIPv6 := strings.Count(word, ":") > 1
		mark := word[:1]
		if strings.Contains("\"'`", mark) {
			return fmt.Sprintf("word %d begins with a quote, %s: write the words without quotes", i+1, mark)
		}
		if strings.Contains("(<[", mark) && (mark != "[" || !isIPv6) {
			return fmt.Sprintf("word %d begins with a bracket, %s: write the words without brackets", i+1, mark)
		}
	}
	return ""
}

// commentMistake explains a comment that is not taken for one.
func commentMistake(_ string, words []string) string {
	for _, word := range words {
		switch {
		case strings.HasPrefix(word, "//"):
			return `a comment behind an image begins with "#", and "//" begins a comment only at the beginning of a line`
		case strings.Contains(word, "#"):
			return fmt.Sprintf("%s holds a \"#\": to begin a comment, write a space before the \"#\"", quote(word))
		}
	}
	return ""
}

// endMistake explains what continues a line, or ends it, in other formats.
func endMistake(line string, _ []string) string {
	for _, end := range []string{",", ";", `\`, `"`, "'", "`"} {
		if strings.HasSuffix(line, end) {
			return fmt.Sprintf("the line ends with %s: leave it out", quote(end))
		}
	}
	return ""
}

// instructionMistake explains "FROM nginx" of a Dockerfile.
func instructionMistake(_ string, words []string) string {
	if len(words) > 1 && words[0] == "FROM" {
		return `"FROM" is an instruction of a Dockerfile: write only the image`
	}
	return ""
}
