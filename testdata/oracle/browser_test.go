package oracle

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a step of a test may take before the test fails.
const patience = time.Minute

// browser is a tab of Debian's Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string // the URLs that the tab asked for
	problems []string // what its console said
}

// startBrowser starts Chromium without a window. The test's end ends it.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	needPrograms(t, "chromium")
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath("chromium"), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts Chromium, which ends with the context of this call
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx}
	b.do(chromedp.EmulateViewport(1280, 900), call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}))
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	return b
}

// call returns the action that sends a command of the protocol.
func call[Parameters, Result any](command cdp.Command[Parameters, Result], parameters Parameters) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, parameters)
		return err
	})
}

// hear keeps what the tab asks for, and what its console says.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, event.Request.URL)
	case *runtime.EventConsoleAPICalled:
		b.problems = append(b.problems, fmt.Sprint(event.Type, event.Args))
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprint(event.ExceptionDetails.Text, event.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		b.problems = append(b.problems, event.Entry.Text)
	}
}

// do runs actions.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate returns the value of an expression in the page. Where the value is a promise,
// evaluate waits for it.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// open opens a page from the disk, and waits until its table is ready. It returns how
// long that took.
func (b *browser) open(path, address string) time.Duration {
	b.t.Helper()
	b.mu.Lock()
	b.requests, b.problems = nil, nil
	b.mu.Unlock()
	start := time.Now()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+path+address))
	evaluate[bool](b, `new Promise((done) => {
		const look = () => document.documentElement?.dataset.rows ? done(true) : requestAnimationFrame(look);
		look();
	})`)
	return time.Since(start)
}

// checkQuiet checks that the tab asked for nothing but the page, and that its console
// said nothing.
func (b *browser) checkQuiet(path string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var others []string
	for _, request := range b.requests {
		if request != "about:blank" && !strings.HasPrefix(request, "file://"+path) && !strings.HasPrefix(request, "data:") {
			others = append(others, request)
		}
	}
	if len(others) > 0 || len(b.requests) == 0 {
		b.t.Errorf("of %d requests, these are for something else than the page: %q", len(b.requests), others)
	}
	if len(b.problems) > 0 {
		b.t.Errorf("the console says %q", b.problems)
	}
}

// visit opens a page without waiting for its table.
func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+path))
}

// follow does what a link to an address in the page does.
func (b *browser) follow(address string) {
	b.t.Helper()
	evaluate[bool](b, fmt.Sprintf(`new Promise((done) => { addEventListener("hashchange", () => done(true), { once: true }); location.hash = %q; })`, address))
}

// click clicks on the first element of a CSS selector, with the mouse.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// press presses keys. Letters are typed.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// text returns the text of the first element of a CSS selector, as a reader sees it.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? '(none)'", selector))
}

// want checks the text of the first element of a CSS selector. It waits for the text,
// because a browser answers a click before the page has followed a link.
func (b *browser) want(selector, want string) {
	b.t.Helper()
	got := evaluate[string](b, fmt.Sprintf(`new Promise((done) => {
		const start = performance.now();
		const look = () => {
			const text = document.querySelector(%q)?.innerText ?? "(none)";
			text === %q || performance.now() - start > 10000 ? done(text) : setTimeout(look, 5);
		};
		look();
	})`, selector, want))
	if got != want {
		b.t.Errorf("%s has the text %q, want %q", selector, got, want)
	}
}

// allowScripts switches the scripts of pages on and off.
func (b *browser) allowScripts(allowed bool) {
	b.t.Helper()
	b.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allowed}))
}

// Keys of a keyboard.
const (
	enter     = kb.Enter
	escape    = kb.Escape
	arrowDown = kb.ArrowDown
	right     = kb.ArrowRight
	tab       = kb.Tab
	end       = kb.End
	home      = kb.Home
)
