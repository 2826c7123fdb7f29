// This file connects the filter, the table and the dialogs.

const byId = (id) => document.getElementById(id);

// fill gives a select its options, with the number of images behind each.
function fill(select, first, counts, label = (word) => word) {
  select.append(new Option(first, ""));
  select.parentElement.hidden = counts.size < 2; // there is nothing to choose
  const words = [...counts].sort((a, b) => b[1] - a[1] || byCode(a[0], b[0]));
  for (const [word, n] of words) select.append(new Option(`${label(word)} (${withCommas.format(n)})`, word));
}

// tally counts the rows by a word.
function tally(t, word) {
  const counts = new Map();
  for (let i = 0; i < t.rows; i++) {
    const w = word(i);
    if (w !== null) counts.set(w, (counts.get(w) ?? 0) + 1);
  }
  return counts;
}

// addStatuses makes the buttons for the outcomes.
function addStatuses(t) {
  const counts = tally(t, (i) => classOf(t, i));
  const open = (counts.get("fail") ?? 0) + (counts.get("error") ?? 0);
  const all = [["", "All", t.rows], ["open", "Not passed", open], ...classes.map((c) => [c, classNames[c], counts.get(c) ?? 0])];
  for (const [value, words, n] of all) {
    if (n === 0 && value !== "") continue;
    const input = element("input", "");
    input.type = "radio";
    input.name = "status";
    input.value = value;
    byId("statuses").append(element("label", value === "open" ? "" : value, input, `${words} ${withCommas.format(n)}`));
  }
}

// addOptions fills the selects.
function addOptions(t) {
  fill(byId("reason"), "all", tally(t, (i) => reasonOf(t, i) || null));
  const orNone = (none) => (word) => (word === "none" ? none : word);
  fill(byId("registry"), "all", tally(t, (i) => t.hosts[t.name[i]] || "none"), orNone("lines that are no image"));
  fill(byId("source"), "all", tally(t, (i) => t.sourceHosts[t.name[i]] || "none"), orNone("no source named"));
  const platforms = new Map();
  for (let i = 0; i < t.rows; i++) for (const group of t.states[t.shape[i]].keys()) platforms.set(group, (platforms.get(group) ?? 0) + 1);
  fill(byId("platform"), "all", platforms);
  for (const [value, words] of [["", "any"], ["missing", "missing at the destination"], ["wrong", "wrong"], ["good", "good"], ["absent", "not made for it"]]) byId("state").append(new Option(words, value));
}

function start(t) {
  let filter = readFilter();
  let rows = [];
  const detail = byId("detail");
  const table = makeTable((row) => drawRow(t, row), open);

  // apply shows the rows of the filter.
  function apply() {
    rows = matching(t, filter);
    table.show(rows);
    const lines = linesOf(t, rows).length;
    const shown = rows.length === t.rows ? (t.rows === 1 ? "" : "All ") + count(t.rows, "image") : `${withCommas.format(rows.length)} of ${count(t.rows, "image")}`;
    byId("shown").textContent = `${shown}; ${lines === 0 ? "nothing" : count(lines, "line")} to mirror or check again.`;
    byId("nothing").textContent = "No image is like that. Take something out of the filter.";
    for (const id of ["copy", "download"]) {
      byId(id).disabled = lines === 0;
      byId(id).textContent = id === "copy" ? `Copy ${count(lines, "line")}` : "Download";
    }
    byId("clear").disabled = !filterNames.some((name) => name !== "sort" && name !== "image" && filter[name]);
    for (const button of document.querySelectorAll("[data-sort]")) {
      const isIt = filter.sort.replace(/^-/, "") === button.dataset.sort;
      const head = button.closest("th");
      if (isIt) head.setAttribute("aria-sort", filter.sort.startsWith("-") ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  // showControls makes the controls say what the filter says.
  function showControls() {
    byId("search").value = filter.q;
    for (const name of ["reason", "registry", "source", "platform", "state"]) {
      const select = byId(name);
      select.value = filter[name];
      if (filter[name]) select.parentElement.hidden = false; // a reader must see what filters
      if (select.selectedIndex < 0) { select.append(new Option(filter[name] + " (0)", filter[name])); select.value = filter[name]; }
    }
    for (const input of document.getElementsByName("status")) input.checked = input.value === filter.status;
  }

  // change changes the filter and the address of the page.
  function change(words) {
    filter = { ...filter, ...words };
    try {
      history.replaceState(null, "", addressOf(filter));
    } catch { /* Safari refuses it for some seconds if a reader types fast; the next change brings the address up to date. */ }
    showControls();
    if (Object.keys(words).some((name) => name !== "image")) apply();
  }

  function open(place) {
    const row = table.row(place);
    byId("place").textContent = `Image ${withCommas.format(place + 1)} of ${withCommas.format(rows.length)}`;
    byId("before").disabled = place === 0;
    byId("after").disabled = place === rows.length - 1;
    byId("detail-body").replaceChildren(...drawDetail(t, row));
    detail.scrollTop = 0;
    if (!detail.open) {
      detail.showModal();
      detail.focus(); // not a button: the key that opened the image would press it
    }
    change({ image: String(row) });
  }

  // step opens the next image, or the one before.
  function step(by) {
    const place = table.place() + by;
    if (place < 0 || place >= rows.length) return;
    table.choose(place);
    open(place);
  }

  // follow does what the address says: of the page that was opened, or of a link in it.
  function follow() {
    if (document.getElementById(location.hash.slice(1))) return; // a link to a section, which the browser follows
    filter = readFilter();
    showControls();
    apply();
    if (location.hash.length > 1) byId("images").scrollIntoView();
    const place = filter.image === "" ? -1 : rows.indexOf(Number(filter.image));
    if (place >= 0) {
      table.choose(place);
      open(place);
    } else if (detail.open) {
      detail.close();
    }
  }

  const linesFor = (address) => linesOf(t, matching(t, { ...Object.fromEntries(filterNames.map((name) => [name, ""])), ...Object.fromEntries(new URLSearchParams(address)) }));
  for (const button of document.querySelectorAll("[data-lines]")) button.addEventListener("click", () => copyLines(linesFor(button.dataset.lines)));
  for (const button of document.querySelectorAll("[data-download]")) button.addEventListener("click", () => downloadLines(linesFor("")));
  byId("copy").addEventListener("click", () => copyLines(linesOf(t, rows)));
  byId("download").addEventListener("click", () => downloadLines(linesOf(t, rows)));
  byId("search").addEventListener("input", (event) => change({ q: event.target.value }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("statuses").addEventListener("change", (event) => change({ status: event.target.value }));
  for (const name of ["reason", "registry", "source", "platform", "state"]) byId(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
  byId("clear").addEventListener("click", () => { change({ q: "", status: "", reason: "", registry: "", source: "", platform: "", state: "" }); byId("search").focus(); });
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => change({ sort: filter.sort === button.dataset.sort ? "-" + button.dataset.sort : button.dataset.sort }));
  }
  byId("before").addEventListener("click", () => step(-1));
  byId("after").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => detail.close());
  byId("lines-close").addEventListener("click", () => byId("lines").close());
  detail.addEventListener("click", (event) => { if (event.target === detail) detail.close(); }); // outside of it
  detail.addEventListener("close", () => {
    change({ image: "" });
    if (document.activeElement === document.body) table.focus();
  });
  detail.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, textarea, dialog");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("search").focus();
      byId("search").select();
    }
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && filter.q) change({ q: "" });
    else if (event.key === "Enter" || event.key === "ArrowDown") table.focus();
    else return;
    event.preventDefault();
  });
  addEventListener("hashchange", follow);
  showControls();
  apply();
  follow();
}

// showScripted shows or hides what is of use only while this script runs.
function showScripted(shown) {
  byId("live").hidden = !shown;
  for (const part of document.querySelectorAll(".script")) part.hidden = !shown;
}

// main unpacks the table. If that fails, the page stays as it is without scripts.
async function main() {
  if (!byId("live")) return; // no image, no table
  document.documentElement.classList.add("ready");
  showScripted(true);
  byId("shown").textContent = "Unpacking the table…";
  try {
    const t = prepare(await unpack());
    addTexts(t);
    addStatuses(t);
    addOptions(t);
    start(t);
    document.documentElement.dataset.rows = t.rows; // says that the table is ready
  } catch (problem) {
    document.documentElement.classList.remove("ready");
    showScripted(false);
    byId("plain").prepend(element("p", "note", `The table of all images cannot be shown: ${problem}. A newer browser may help.`));
    throw problem;
  }
}

main();
