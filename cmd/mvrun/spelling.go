package main

import (
	"regexp"
	"slices"

	"github.com/alecthomas/kong"
)

// singleDash matches a flag that is written with one dash, and the value that stands
// behind "=".
var singleDash = regexp.MustCompile(`^-([A-Za-z][A-Za-z-]*)(=.*)?$`)

// spellOut returns a command line in which flags are written as the parser wants them.
// People write them in other ways: image-tools has "-debug" and "-f=list.txt". The
// parser would read the first one as "-d ebug", and take "=list.txt" for the name of a
// file in the second.
//
//	-debug        --debug
//	-jobs=20      --jobs=20
//	-f=list.txt   --file=list.txt
func spellOut(args []string, flags []*kong.Flag) []string {
	spelled := slices.Clone(args)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		parts := singleDash.FindStringSubmatch(arg)
		if parts == nil {
			continue
		}
		word, value := parts[1], parts[2]
		for _, flag := range flags {
			isShort := value != "" && flag.Short != 0 && word == string(flag.Short)
			if isShort || len(word) > 1 && word == flag.Name {
				spelled[i] = "--" + flag.Name + value
				break
			}
		}
	}
	return spelled
}

// spacedBool returns a flag that is on or off, and whose value stands behind a space:
// "--tls-verify false". The parser takes this value for the name of a script or a list.
func spacedBool(args []string, flags []*kong.Flag) (flag, value string) {
	for i, arg := range args[:max(0, len(args)-1)] {
		if arg == "--" {
			break
		}
		if next := args[i+1]; next != "true" && next != "false" {
			continue
		}
		for _, f := range flags {
			if f.IsBool() && (arg == "--"+f.Name || f.Short != 0 && arg == "-"+string(f.Short)) {
				return "--" + f.Name, args[i+1]
			}
		}
	}
	return "", ""
}
