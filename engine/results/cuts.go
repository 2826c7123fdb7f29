package results

import "fmt"

// checkCuts returns an error if the parts have cut a list in different ways. Two runs with
// different registries for all destinations cut it so. Then some lines are in two parts
// and others in none, although the numbers of lines may add up.
func checkCuts(parts []Part) error {
	type cut struct{ file, hash string }
	cuts := map[string]cut{} // by the names of the lists
	for _, part := range parts {
		if part.End == nil {
			continue
		}
		for _, list := range part.End.Lists {
			first, known := cuts[list.Name]
			switch {
			case list.Cut == nil:
			case !known:
				cuts[list.Name] = cut{part.File, *list.Cut}
			case first.hash != *list.Cut:
				return fmt.Errorf("%s and %s are not of one run: they have cut the list %s by different destinations, so some of its lines are in no part: "+
					"validate all parts with the same registry for the destination, and with the same default project", first.file, part.File, list.Name)
			}
		}
	}
	return nil
}
