package oracle

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// These tests open the HTML report in Debian's Chromium, and use the report as a reader
// does: with the mouse, with the keyboard, and without scripts.

// record is an image in a results file.
type record map[string]any

// recordOf returns the record of an image with two platforms, which passed.
func recordOf(number int) record {
	source, destination := fmt.Sprintf("docker.io/team/app%d", number), fmt.Sprintf("good.example/team/app%d", number)
	platforms := []record{platformOf(number, "linux/amd64"), platformOf(number, "linux/arm64")}
	return record{"type": "image", "list": "list.txt", "number": number, "line_number": number + 1, "line": source + " " + destination + " 1." + fmt.Sprint(number),
		"source": source, "destination": destination, "source_tag": "1." + fmt.Sprint(number), "destination_tag": "1." + fmt.Sprint(number), "tag": "1." + fmt.Sprint(number),
		"status": "pass", "match": "identical", "platforms": platforms, "source_digest": digestOf(number), "destination_digest": digestOf(number),
		"rules": "content", "depth": "manifests", "attempts": 1, "requests": 4, "started": "2026-11-25T21:14:03Z", "duration_ms": 100 + number%900}
}

func platformOf(number int, name string) record {
	digest := digestOf(number, name)
	return record{"platform": name, "wanted": true, "source": digest, "destination": digest, "match": "identical", "reason": ""}
}

func digestOf(words ...any) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(fmt.Sprint(words...))))
}

// failed makes the record one of an image that did not pass.
func (r record) failed(status, reason, message string) record {
	r["status"], r["reason"], r["message"], r["match"] = status, reason, message, ""
	return r
}

// lacking makes the destination lack platforms, and gives them a reason.
func (r record) lacking(reason string, platforms ...int) record {
	for _, i := range platforms {
		p := r["platforms"].([]record)[i]
		p["destination"], p["match"], p["reason"] = nil, "", reason
	}
	return r
}

// hostile is a message of a registry that is no friend.
const hostile = `</script><img src=x onerror="window.hacked = 1"><!-- ` + "\x1b[31mred\x1b[0m \u202egnp.exe "

// smallRun are the images of a run: 17 of all kinds, and others that passed.
func smallRun(images int) []record {
	all := make([]record, images)
	for i := range all {
		all[i] = recordOf(i + 1)
	}
	for i := range 8 {
		r := all[i].failed("fail", "destination-missing", "destination manifest does not exists").lacking("destination-missing", 0, 1)
		r["destination"] = fmt.Sprintf("worst.example/team/app%d", i+1)
		r["line"] = strings.Replace(r["line"].(string), "good.example", "worst.example", 1)
		r["destination_digest"] = nil
	}
	for i := 8; i < 11; i++ {
		r := all[i].failed("fail", "platform-missing", "the destination does not have platform linux/arm64").lacking("platform-missing", 1)
		r["missing"] = []record{{"digest": digestOf(i+1, "linux/arm64"), "kind": "manifest", "platform": "linux/arm64", "layer": 0}}
	}
	all[11].failed("fail", "digest-differs", hostile+strings.Repeat("x", 3<<20))["destination_digest"] = digestOf("old")
	all[12].failed("error", "unauthorized", "401 Unauthorized")["platforms"] = []record{}
	line := all[13].failed("error", "invalid-line", "a line has one to three words")
	line["line"] = `"><script>window.hacked = 1</script> is not an image`
	for _, field := range []string{"source", "destination", "source_tag", "destination_tag", "tag"} {
		line[field] = ""
	}
	line["platforms"] = []record{}
	all[14].failed("fail", "platform-missing", "the destination does not have platform linux/arm64").lacking("platform-missing", 1)["waived"] = "nobody runs it on arm64"
	all[15].failed("fail", "rejected", "")["rejected"] = "it has no signature"
	all[16].failed("skip", "no-platform", "it has only linux/s390x")["platforms"] = []record{}
	return all
}

// writePage writes the results file of a run and has mvrun make its page. It returns the
// path of the page, and the counts that mvrun wrote beside it.
func writePage(t *testing.T, images []record) (page string, counts map[string]any) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "r.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	lines := json.NewEncoder(buffered)
	records := append([]record{{"type": "run", "format": 2, "run": "7", "run_from": "CI_PIPELINE_ID", "version": "0.2.0", "list": "list.txt", "list_sha256": digestOf("list")[7:],
		"list_lines": len(images), "script": "validate.star", "question": record{"rules": "content", "depth": "manifests", "arch": []string{"amd64", "arm64"}, "os": []string{"linux"}}, "started": "2026-11-25T21:14:03Z"}}, images...)
	byStatus := map[any]int{}
	for _, image := range images {
		if image["waived"] != nil {
			byStatus["waived"]++
		} else {
			byStatus[image["status"]]++
		}
	}
	records = append(records, record{"type": "end", "pass": byStatus["pass"], "fail": byStatus["fail"], "skip": byStatus["skip"], "error": byStatus["error"], "waived": byStatus["waived"], "finished": "2026-11-25T21:17:03Z", "duration_ms": 180_000, "status": 1, "own_status": 1, "images": len(images), "lines": len(images),
		"requests": 1200, "failed_list": "failed.txt", "failed_lines": 15})
	for _, r := range records {
		if err := lines.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := buffered.Flush(); err != nil {
		t.Fatal(err)
	}
	page = filepath.Join(folder, "r.html")
	out, err := exec.Command(program, "report", path, "--report", page, "--report", filepath.Join(folder, "r.json")).CombinedOutput()
	if exit := new(exec.ExitError); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(folder, "r.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &counts); err != nil {
		t.Fatal(err)
	}
	return page, counts
}

// TestPage uses the page of a small run.
func TestPage(t *testing.T) {
	b := startBrowser(t)
	page, counts := writePage(t, smallRun(300))
	for _, test := range []struct {
		name string
		run  func(*testing.T, *browser, map[string]any)
	}{
		{"counts", checkCounts}, {"foreign texts", checkHostile}, {"mouse", useMouse}, {"keyboard", useKeyboard}, {"address", useAddress}, {"lines", copyLines},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.open(page, "")
			test.run(t, b, counts)
			b.checkQuiet(page)
		})
	}
	t.Run("without scripts", func(t *testing.T) {
		b.t = t
		b.allowScripts(false)
		b.visit(page)
		b.allowScripts(true) // the page has no script running, and the test asks it questions
		checkPlain(t, b)
	})
}

// checkCounts checks that the page has the counts of the summary, at its top and in its table.
func checkCounts(t *testing.T, b *browser, counts map[string]any) {
	b.want("h1", "Failed")
	for class, field := range map[string]string{"fail": "fail", "error": "error", "waived": "waived", "skip": "skip", "pass": "pass"} {
		want := fmt.Sprint(counts[field])
		b.want(".counts ."+class+" strong", want)
		b.click("#statuses ." + class)
		if got := b.text("#shown"); !strings.HasPrefix(got, want+" of 300 images") {
			t.Errorf("the table says %q of the images that are counted as %s, want %s", got, class, want)
		}
	}
	b.want(".counts dl div:nth-child(1) a", "destination-missing")
	b.want(".counts dl div:nth-child(2) a", "worst.example")
	b.want(".counts dl div:nth-child(3) a", "linux/arm64")
	b.want(".facts dd", "list.txt")
	b.want("#registries tbody tr th", "worst.example")
}

// checkHostile checks that a browser shows what a registry or a list says as text.
func checkHostile(t *testing.T, b *browser, _ map[string]any) {
	if evaluate[bool](b, "'hacked' in window || document.images.length > 0") {
		t.Error("a message has become part of the page")
	}
	b.follow("#status=fail&reason=digest-differs")
	b.want("#rows .row .c-outcome span", "Failed")
	b.click("#rows .row")
	message := b.text("#detail .message")
	if !strings.HasPrefix(message, `</script><img src=x onerror="window.hacked = 1"><!-- \u001b[31mred\u001b[0m \u202egnp.exe xxx`) || !strings.HasSuffix(message, "bytes were cut)") || len(message) > 5000 {
		t.Errorf("the page has a message of %d bytes: %.200s", len(message), message)
	}
	b.press(escape)
	b.follow("#reason=invalid-line")
	b.want("#rows .row .c-image", `"><script>window.hacked = 1</script> is not an image`)
	if evaluate[bool](b, "'hacked' in window || document.images.length > 0") {
		t.Error("a message has become part of the page")
	}
}

// useMouse filters, sorts, and opens an image, with the mouse.
func useMouse(t *testing.T, b *browser, _ map[string]any) {
	b.click(`#platforms a[href="#platform=linux%2farm64&state=missing"]`)
	b.want("#shown", "12 of 300 images; 11 lines to mirror or check again.") // one of them is waived
	b.click("#clear")
	b.want("#shown", "All 300 images; 15 lines to mirror or check again.")
	b.click(`[data-sort="number"]`)
	b.click(`[data-sort="number"]`)
	b.want("#rows .row .c-no", "300")
	b.want(`th[aria-sort]`, evaluate[string](b, `document.querySelector('th[aria-sort="descending"]').innerText`))
	b.click(`[data-sort="name"]`)
	b.want("#rows .row:nth-child(3) .path", "team/app9:1.9") // behind a line that is no image
	b.want("#rows .row:nth-child(4) .path", "team/app10:1.10")
	if got := evaluate[string](b, `getSelection().selectAllChildren(document.querySelector("#rows .row:nth-child(4) .c-image")), getSelection().toString()`); got != "team/app10:1.10\ngood.example ← docker.io" {
		t.Errorf("whoever copies the name of an image has %q", got)
	}
	evaluate[bool](b, "getSelection().removeAllRanges(), true")
	b.click(`#registries a[href="#registry=worst.example"]`)
	b.want("#shown", "8 of 300 images; 8 lines to mirror or check again.")
	b.click(`#registries a[href="#status=open&registry=good.example&reason=platform-missing"]`) // the link says 3
	b.want("#shown", "3 of 300 images; 3 lines to mirror or check again.")                      // without the waived one
	b.follow("#status=fail&reason=platform-missing")
	b.click("#rows .row")
	b.want("#detail-title", "good.example/team/app9:1.9")
	b.want("#detail .sides tbody tr:nth-child(3) th", "linux/arm64")
	b.want("#detail .sides tbody tr:nth-child(3) td:nth-child(2)", digestOf(9, "linux/arm64"))
	b.want("#detail .sides tbody tr:nth-child(3) .state", "missing at the destination")
	b.want("#detail .objects li", "manifest of linux/arm64: "+digestOf(9, "linux/arm64"))
	b.click("#after")
	b.want("#detail-title", "good.example/team/app10:1.10")
	b.click("#close")
	if evaluate[bool](b, "document.getElementById('detail').open") {
		t.Error("the image is still shown")
	}
}

// useKeyboard searches, and opens images, with the keyboard.
func useKeyboard(t *testing.T, b *browser, _ map[string]any) {
	b.press("/", "a", "p", "p", "2", "9")
	b.want("#shown", "11 of 300 images; nothing to mirror or check again.") // app29 and app290 to app299
	b.press(arrowDown, arrowDown, enter)
	b.want("#place", "Image 2 of 11")
	b.want("#detail-title", "good.example/team/app290:1.290")
	b.press(right)
	b.want("#detail-title", "good.example/team/app291:1.291")
	b.press(escape, end, enter)
	b.want("#detail-title", "good.example/team/app299:1.299")
	b.press(escape, home, enter)
	b.want("#detail-title", "good.example/team/app29:1.29")
	b.press(escape, "/", escape)
	b.want("#shown", "All 300 images; 15 lines to mirror or check again.")
	b.press("zzz")
	b.want("#nothing", "No image is like that. Take something out of the filter.")
	b.press(escape)
	for range 200 { // every part of the page can be reached
		b.press(tab)
		if evaluate[bool](b, "document.activeElement.id === 'table'") {
			return
		}
	}
	t.Error("the Tab key does not lead from the search to the table")
}

// useAddress opens the page at an address that somebody sent.
func useAddress(t *testing.T, b *browser, _ map[string]any) {
	b.click("#statuses .error")
	address := evaluate[string](b, "location.hash")
	b.open(strings.TrimPrefix(evaluate[string](b, "location.pathname"), "file://"), address)
	b.want("#shown", "2 of 300 images; 2 lines to mirror or check again.")
	b.follow(address + "&image=12")
	b.want("#place", "Image 1 of 2")
	b.follow(address + "&image=13") // while the other image is open
	b.want("#place", "Image 2 of 2")
	b.press(arrowDown) // by now the page has answered everything
	if got := evaluate[string](b, "location.hash"); got != address+"&image=13" {
		t.Errorf("the address of the image that is shown is %q", got)
	}
	b.press(escape)
	evaluate[bool](b, `new Promise((done) => { // the page changes its address once the image is closed
		const look = () => location.hash.includes("image=") ? requestAnimationFrame(look) : done(true);
		look();
	})`)
	b.want("#statuses :checked + *, #statuses label:has(:checked)", "Not checked 2")
	b.follow("#q=" + strings.TrimPrefix(digestOf(9, "linux/arm64"), "sha256:")[:20])
	b.want("#shown", "1 of 300 images; 1 line to mirror or check again.")
}

// copyLines takes the lines to mirror or check again out of the page.
func copyLines(t *testing.T, b *browser, _ map[string]any) {
	evaluate[bool](b, "navigator.clipboard.writeText = async (text) => { window.copied = text }, true")
	b.click("#todo button.main")
	var want strings.Builder
	for i, r := range smallRun(17)[:16] {
		if i != 14 { // a waived one
			want.WriteString(r["line"].(string) + "\n")
		}
	}
	if got := evaluate[string](b, "window.copied"); got != want.String() {
		t.Errorf("copied\n%swant\n%s", got, want.String())
	}
	evaluate[bool](b, "navigator.clipboard.writeText = async () => { throw new Error('forbidden') }, true")
	b.click(`[data-reason="unauthorized"] button`)
	b.want("#lines-title", "Copy 1 line")
	if got := evaluate[string](b, "getSelection().toString() || document.getElementById('lines-text').value"); got != "docker.io/team/app13 good.example/team/app13 1.13\n" {
		t.Errorf("the dialog has %q", got)
	}
	b.press(escape)
}

// checkPlain checks what a reader sees where no scripts run.
func checkPlain(t *testing.T, b *browser) {
	b.want("h1", "Failed")
	b.want("#plain h3", "15 images that did not pass")
	if rows := evaluate[int](b, "document.querySelectorAll('#plain table:first-of-type tbody tr').length"); rows != 15 {
		t.Errorf("%d rows of images that did not pass want 15", rows)
	}
	text := b.text("main")
	for _, want := range []string{"worst.example/team/app1:1.1", "destination-missing", "nobody runs it on arm64", "it has no signature", "needs scripts", "failed.txt"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "Search") || evaluate[bool](b, "'hacked' in window") {
		t.Error("the page shows what does not work without scripts")
	}
}

// TestOneImage opens the page of one image at the address of a filter for which that page
// has no need: the reader must see what hides the image.
func TestOneImage(t *testing.T) {
	b := startBrowser(t)
	page, _ := writePage(t, []record{recordOf(1)})
	b.open(page, "")
	b.want("#shown", "1 image; nothing to mirror or check again.")
	if shown := evaluate[bool](b, "document.getElementById('registry').checkVisibility()"); shown {
		t.Error("the page offers a choice of one registry")
	}
	b.follow("#registry=other.example")
	b.want("#shown", "0 of 1 image; nothing to mirror or check again.")
	if shown := evaluate[bool](b, "document.getElementById('registry').checkVisibility()"); !shown {
		t.Error("the filter that hides the image is hidden itself")
	}
	b.click("#clear")
	evaluate[bool](b, "history.replaceState = () => { throw new DOMException('too many calls', 'SecurityError'); }, true") // as Safari does
	b.press("/", "z")
	b.want("#shown", "0 of 1 image; nothing to mirror or check again.")
	b.checkQuiet(page)
}

// TestLongPage prints how quick the page of 100,000 images is.
func TestLongPage(t *testing.T) {
	b := startBrowser(t)
	page, _ := writePage(t, smallRun(100_000))
	info, err := os.Stat(page)
	if err != nil {
		t.Fatal(err)
	}
	ready := b.open(page, "")
	b.want("#shown", "All 100,000 images; 15 lines to mirror or check again.")
	b.press("/")
	filter := func(words string) float64 {
		return evaluate[float64](b, fmt.Sprintf(`(() => {
			const search = document.getElementById("search");
			search.value = %q;
			const start = performance.now();
			search.dispatchEvent(new Event("input"));
			document.getElementById("rows").getBoundingClientRect(); // has the rows laid out
			return performance.now() - start;
		})()`, words))
	}
	took := []float64{filter("app99"), filter("app999 1.9"), filter(""), filter("no such image")}
	b.want("#nothing", "No image is like that. Take something out of the filter.")
	filter("")
	sort := evaluate[float64](b, `(() => { const start = performance.now(); document.querySelector('[data-sort="name"]').click(); return performance.now() - start; })()`)
	b.press(escape, enter, end)
	b.want("#rows .row:nth-last-child(2) .c-no", "8") // of worst.example, which is the last registry
	if rows := evaluate[int](b, "document.querySelectorAll('#rows tr').length"); rows > 100 {
		t.Errorf("the page has %d rows", rows)
	}
	b.do(chromedp.EmulateViewport(794, 1123)) // A4
	evaluate[bool](b, `document.querySelectorAll(".registries strong").forEach((n) => { n.textContent = "100,000"; }), true`)
	if cut := evaluate[string](b, `[...document.querySelectorAll(".chart td")].filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.innerText).join("; ")`); cut != "" {
		t.Errorf("these cells are wider than their columns: %s", cut)
	}
	b.checkQuiet(page)
	t.Logf("page of 100,000 images: %.1f MB, ready in %v, filters in %.0f ms, sorted by name in %.0f ms, heap %.0f MB", float64(info.Size())/1e6, ready, took, sort,
		evaluate[float64](b, "performance.memory.usedJSHeapSize")/1e6)
}
