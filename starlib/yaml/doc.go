// Package yaml is the module yaml of scripts. It reads and writes the values of JSON:
// None, bool, int, float, str, list and dict. A date stays a string, and the order of
// keys stays that of the text.
//
// The text may come from anywhere. So its length, its depth, and the number of values
// are bounded, also where anchors repeat them.
package yaml
