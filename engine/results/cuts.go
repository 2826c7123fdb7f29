package results

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
)

// checkCuts returns an error if the parts have read different lists of one name, or have
// cut a list in different ways. Two runs with different registries for all destinations cut
// it so. Then some lines are in two parts and others in none, although the numbers of lines
// may add up.
func checkCuts(parts []Part) error {
	type cut struct{ file, sha256, hash string }
	cuts := map[string]cut{} // by the names of the lists
	for _, part := range parts {
		if part.End == nil {
			continue
		}
		for _, list := range part.End.Lists {
			first, known := cuts[list.Name]
			switch {
			case !known:
				cuts[list.Name] = cut{part.File, text(list.SHA256), text(list.Cut)}
			case first.sha256 != text(list.SHA256):
				return fmt.Errorf("%s and %s are not of one run: they have read different lists %s (SHA-256 %s and %s)",
					first.file, part.File, shown(list.Name), shown(cmp.Or(first.sha256, "none")), shown(cmp.Or(text(list.SHA256), "none")))
			case first.hash != "" && list.Cut != nil && first.hash != *list.Cut:
				return fmt.Errorf("%s and %s are not of one run: they have cut the list %s by different destinations, so some of its lines are in no part: "+
					"validate all parts with the same registry for the destination, and with the same default project", first.file, part.File, shown(list.Name))
			}
		}
	}
	return nil
}

// difference returns the name of the first field in which two questions differ, and its
// values in both. name is "" if they are equal.
func (q Question) difference(other Question) (name, first, second string) {
	a, b := reflect.ValueOf(q), reflect.ValueOf(other)
	for i := range a.NumField() {
		first, second = fmt.Sprint(a.Field(i)), fmt.Sprint(b.Field(i))
		if first != second {
			name, _, _ = strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			return name, shown(cmp.Or(first, "none")), shown(cmp.Or(second, "none"))
		}
	}
	return "", "", ""
}
