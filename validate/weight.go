package validate

// What parsing a JSON document makes of its parts, at most, in bytes.
const (
	objectWeight  = 96  // a Platform
	elementWeight = 160 // an element of a list: an empty Descriptor for "null," is the worst
	fieldWeight   = 96  // an entry of a map, without its texts
)

// Weight returns how many bytes of memory a manifest or config takes at most, once it
// is parsed. Its length alone says little: a document of 4 MiB that consists of empty
// objects takes 180 MiB. body need not be valid JSON.
func Weight(body []byte) int64 {
	weight := int64(len(body))
	var isList [maxNesting]bool // for each open object or list, whether it is a list; a deeper document is refused
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			weight += objectWeight
			if depth < maxNesting {
				isList[depth] = body[i] == '['
			}
			depth++
		case '}', ']':
			depth = max(depth-1, 0)
		case ',':
			if depth > 0 && depth <= maxNesting && isList[depth-1] {
				weight += elementWeight
			} else {
				weight += fieldWeight
			}
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		}
	}
	return weight
}
