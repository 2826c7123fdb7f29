package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
)

// manual writes a manual page in the language of roff, with the macros of man(7).
type manual struct{ strings.Builder }

// manualPage returns the manual page mvrun(1). It follows from the declarations of the
// commands, and is the same in every build of a version.
func manualPage(c job.Console) string {
	line := newParser(job.Console{Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, LookupEnv: func(string) (string, bool) { return "", false }}, "")
	var m manual
	fmt.Fprintf(&m, ".TH MVRUN 1 \"\" \"mvrun %s\" \"User Commands\"\n", version)
	m.section("NAME")
	m.text("mvrun - tells whether every image of a mirror list reached its destination registry")
	m.section("SYNOPSIS")
	m.text("mvrun SCRIPT [flags]\n\nmvrun COMMAND [arguments] [flags]")
	m.section("DESCRIPTION")
	m.text(aboutProgram + " A SCRIPT is a file, or the name of a bundled script, such as validate.star.\n\n" + firstUses)
	m.section("OPTIONS")
	for _, group := range flagGroups {
		m.subsection(strings.TrimSuffix(group.Title, ":"))
		for _, flag := range line.runFlags {
			if flag.Group != nil && flag.Group.Key == group.Key {
				m.flag(flag)
			}
		}
	}
	m.section("COMMANDS")
	for _, command := range line.Model.Children {
		if !command.Hidden {
			m.command(command, line.runFlags)
		}
	}
	m.section("ENVIRONMENT")
	m.text(aboutVariables + " demo, test and check read no such variable.")
	for _, variable := range [][2]string{
		{"SOURCE_REGISTRY, DEST_REGISTRY", "the registries of -s and -d, if neither the flag nor MVRUN_SOURCE or MVRUN_DESTINATION is set"},
		{"SOURCE_USERNAME, SOURCE_PASSWORD", "the login for the registry of -s, else for Docker Hub"},
		{"DEST_USERNAME, DEST_PASSWORD", "the login for the registry of -d, else for Docker Hub"},
		{"DOCKER_CONFIG", "the folder with Docker's config.json, where logins are looked up"},
		{"NO_COLOR", "no colours in the log"},
		{"FORCE_COLOR", "colours in the log, also if it goes to no terminal"},
	} {
		m.item(variable[0], variable[1])
	}
	m.section("EXIT STATUS")
	m.text(aboutExitStatus)
	m.section("FILES")
	m.item("mirror-validate-failed.txt", "the lines of the list that did not pass; -o gives the file another name")
	return m.String()
}

func (m *manual) section(title string)    { fmt.Fprintf(m, ".SH %s\n", title) }
func (m *manual) subsection(title string) { fmt.Fprintf(m, ".SS %s\n", escapeRoff(title)) }

// text writes paragraphs. Lines that begin with a space stay lines.
func (m *manual) text(text string) {
	literal := false
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		if isLiteral := strings.HasPrefix(line, " "); isLiteral != literal {
			m.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n"}[isLiteral])
			literal = isLiteral
		}
		if !literal {
			m.WriteString(".PP\n")
		}
		m.WriteString(escapeRoff(line) + "\n")
	}
	if literal {
		m.WriteString(".fi\n")
	}
}

// item writes a term and what it means.
func (m *manual) item(term, meaning string) {
	fmt.Fprintf(m, ".TP\n.B %s\n%s\n", escapeRoff(term), escapeRoff(meaning))
}

func (m *manual) flag(flag *kong.Flag) { m.item(flag.String(), describeValue(flag.Value)) }

// command writes about a command. It leaves out the flags that every run has, because
// OPTIONS has them.
func (m *manual) command(command *kong.Node, runFlags []*kong.Flag) {
	m.subsection("mvrun " + strings.TrimSuffix(command.Summary(), " [flags]"))
	m.text(command.Help)
	m.text(command.Detail)
	for _, flag := range command.Flags {
		isOption := slices.ContainsFunc(runFlags, func(of *kong.Flag) bool { return of.Name == flag.Name && of.Help == flag.Help })
		if !isOption {
			m.flag(flag)
		}
	}
}

// escapeRoff returns a line of text that roff shows as it is.
func escapeRoff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
