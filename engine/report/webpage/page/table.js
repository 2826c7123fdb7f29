// This file draws the rows of the table that are in sight, and the page is as quick with
// 100,000 images as with one. Empty rows above and below stand for the others.

// maxHeight bounds the height of the table: browsers draw nothing behind some 17 million
// pixels. A longer table is scrolled in greater steps.
const maxHeight = 12e6;

// makeTable returns a table that shows rows. draw makes the element of one row, and open
// is called for a row that the reader chooses.
function makeTable(draw, open) {
  const scroll = document.getElementById("scroll");
  const table = document.getElementById("table");
  const body = document.getElementById("rows");
  const above = gap();
  const below = gap();
  let rows = new Int32Array(0);
  let active = 0; // the place in rows
  let height = 54;
  let waiting = false;

  function gap() {
    const cell = element("td", "");
    const row = element("tr", "gap", cell);
    row.setAttribute("aria-hidden", "true");
    return row;
  }

  function render() {
    waiting = false;
    height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 54;
    const all = Math.min(rows.length * height, maxHeight);
    const view = scroll.clientHeight;
    const shown = Math.ceil(innerHeight / height) + 12; // view is still 0 before the first row
    const top = Math.min(scroll.scrollTop, Math.max(all - view, 0));
    let first = all < rows.length * height ? Math.round((top / (all - view)) * (rows.length - view / height)) : Math.floor(top / height);
    first = Math.max(0, Math.min(first - 6, rows.length - shown));
    const last = Math.min(first + shown, rows.length);
    const before = all < rows.length * height ? Math.max(0, Math.min(top - 6 * height, all - (last - first) * height)) : first * height;
    above.firstChild.style.height = before + "px";
    below.firstChild.style.height = Math.max(0, all - before - (last - first) * height) + "px";
    const drawn = [];
    for (let i = first; i < last; i++) {
      const row = draw(rows[i]);
      row.setAttribute("role", "row");
      row.setAttribute("aria-rowindex", i + 2);
      row.setAttribute("aria-selected", i === active);
      row.id = "row-" + i;
      row.dataset.place = i;
      row.classList.toggle("active", i === active);
      drawn.push(row);
    }
    body.replaceChildren(above, ...drawn, below);
    if (rows.length > 0 && active >= first && active < last) table.setAttribute("aria-activedescendant", "row-" + active);
    else table.removeAttribute("aria-activedescendant");
  }

  function later() {
    if (!waiting) requestAnimationFrame(render);
    waiting = true;
  }

  // choose makes a row the active one and brings it into sight.
  function choose(place) {
    if (rows.length === 0) return;
    active = Math.max(0, Math.min(place, rows.length - 1));
    const head = table.tHead.offsetHeight;
    const view = scroll.clientHeight;
    const all = Math.min(rows.length * height, maxHeight);
    if (all < rows.length * height) {
      scroll.scrollTop = (active / (rows.length - view / height)) * (all - view);
    } else if (active * height < scroll.scrollTop) {
      scroll.scrollTop = active * height;
    } else if ((active + 1) * height + head > scroll.scrollTop + view) {
      scroll.scrollTop = (active + 1) * height + head - view;
    }
    render();
  }

  // pressed moves by keys as in a list: arrows, pages, Home and End.
  function pressed(event) {
    if (event.target !== table || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(scroll.clientHeight / height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) choose(active + steps[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && rows.length > 0) open(active);
    else return;
    event.preventDefault();
  }

  scroll.addEventListener("scroll", later, { passive: true });
  addEventListener("resize", later);
  table.addEventListener("keydown", pressed);
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    if (!row || String(getSelection()) !== "") return; // the reader selects a text to copy it
    choose(Number(row.dataset.place));
    open(active);
  });

  return {
    choose,
    place: () => active,
    focus: () => table.focus(),
    row: (place) => rows[place],
    // show shows other rows, from the first one on.
    show(others) {
      rows = others;
      active = 0;
      scroll.scrollTop = 0;
      table.setAttribute("aria-rowcount", rows.length + 1);
      document.getElementById("nothing").hidden = rows.length > 0;
      render();
    },
  };
}

// path returns a path of which the beginning is cut if there is no room: its end, with the
// tag, tells images apart. It is one piece of text, so that readers can copy it.
function path(text, title) {
  const whole = element("bdi", "", text);
  whole.dir = "ltr"; // the style turns the line round, so that its beginning is cut
  const made = element("span", "path", whole);
  made.title = title;
  return made;
}

// drawRow returns the row of an image.
function drawRow(t, i) {
  const outcome = classOf(t, i);
  const reason = reasonOf(t, i);
  const cell = (name, ...children) => {
    const made = element("td", "c-" + name, ...children);
    made.setAttribute("role", "gridcell");
    return made;
  };
  const message = element("span", "clamp", messageOf(t, i).slice(0, 500));
  const because = reason || t.words[t.match[i]];
  return element("tr", "row " + outcome,
    cell("no", withCommas.format(t.number[i])),
    cell("outcome", element("span", "", icon(outcome), classNames[outcome]), element("small", "", because)),
    cell("image", ...names(t, i)),
    cell("message", element("bdi", "", message)),
    cell("platforms", chips(t, i)),
    cell("time", took(t.duration[i])));
}

// names returns the image at the destination without its registry, and below it where
// it is and where it comes from: "registry.example ← docker.io".
function names(t, i) {
  const destination = destinationOf(t, i);
  if (destination === "") return [element("bdi", "clamp", visible(lineOf(t, i)).slice(0, 300))];
  const source = sourceOf(t, i);
  const pathOf = (name) => name.slice(name.indexOf("/") + 1);
  const from = source === "" ? "" : " ← " + (pathOf(source) === pathOf(destination) ? hostOf(source) : source);
  const title = destination + (source && "\nfrom " + source);
  const second = element("bdi", "second", hostOf(destination) + from); // the registry is what a reader looks for
  second.title = title;
  return [path(pathOf(destination), title), second];
}

// stateClasses are the colours and icons of the states of a platform.
const stateClasses = { good: "pass", missing: "fail", wrong: "error" };

// chips returns the platforms of an image with their states, the worst ones first.
function chips(t, i) {
  const states = [...t.states[t.shape[i]]];
  states.sort((a, b) => (a[1] === "good") - (b[1] === "good"));
  const most = 4;
  const all = states.slice(0, most).map(([group, state]) => {
    const chip = element("span", "chip " + stateClasses[state], icon(stateClasses[state]), group.replace(/^linux\//, ""), state === "good" ? "" : " " + state);
    chip.title = group + ": " + state;
    return chip;
  });
  const more = Math.max(0, states.length - most) + (t.morePlatforms[i] ?? 0);
  if (more > 0) all.push(element("span", "chip dim", "and " + more + " more"));
  return element("span", "chips", ...all);
}

// took writes a duration.
function took(milliseconds) {
  if (milliseconds < 1000) return milliseconds + " ms";
  if (milliseconds < 59950) return (milliseconds / 1000).toFixed(1) + " s";
  const seconds = Math.round(milliseconds / 1000);
  return Math.floor(seconds / 60) + " min " + (seconds % 60) + " s";
}
