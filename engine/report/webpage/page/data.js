// This file reads the table of images. htmldata.go says how the table is written: an
// array for each field, in JSON, compressed, in base64.
//
// All foreign texts of the page go through textContent, so that a browser never reads
// them as HTML.

// rising are the columns that hold the differences between neighbours.
const rising = ["number", "lineNumber", "name", "tag", "sourceTag", "started"];
const plainColumns = ["list", "part", "template", "status", "reason", "match", "terms", "message", "servedBy", "attempts", "requests", "duration", "shape"];

const classes = ["fail", "error", "waived", "skip", "pass"]; // the worst one first
const classNames = { fail: "Failed", error: "Not checked", waived: "Waived", skip: "Skipped", pass: "Passed" };

// unpack returns the table as the page has it.
async function unpack() {
  const holder = document.getElementById("data");
  const text = atob(holder.textContent);
  holder.remove(); // its text is not needed a second time
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

// numbers returns a column as an array. A column of equal numbers is one number.
function numbers(column, rows, rises) {
  const all = new Float64Array(rows);
  if (typeof column === "number") return all.fill(column);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    sum = rises ? sum + column[i] : column[i];
    all[i] = sum;
  }
  return all;
}

// prepare turns the columns into arrays, and adds what the filter asks for every row.
function prepare(table) {
  const rows = table.rows;
  for (const name of rising) table[name] = numbers(table[name], rows, true);
  for (const name of plainColumns) table[name] = numbers(table[name], rows, false);
  table.lists ??= []; table.texts ??= []; table.words ??= [];
  table.sources = []; // by the number in the column "name"
  table.destinations = [];
  for (let i = 0; i < (table.names ?? []).length; i += 2) {
    table.sources.push(table.names[i]);
    table.destinations.push(table.names[i + 1]);
  }
  table.hosts = table.destinations.map(hostOf);
  table.sourceHosts = table.sources.map(hostOf);
  table.class = new Uint8Array(rows); // the place in classes
  table.digestsAt = new Uint32Array(rows + 1); // where the digests of a row begin
  for (let i = 0; i < rows; i++) {
    const status = i in table.waived ? "waived" : table.words[table.status[i]];
    table.class[i] = Math.max(classes.indexOf(status), 0);
    table.digestsAt[i + 1] = table.digestsAt[i] + 2 + 2 * table.shapes[table.shape[i]].length;
  }
  table.states = table.shapes.map(statesOf);
  return table;
}

// hostOf returns the registry of a repository.
function hostOf(name) {
  const end = name.indexOf("/");
  return end < 0 ? name : name.slice(0, end);
}

// statesOf returns for each wanted platform of an image its state. An image may have
// several manifests for one platform: the worst one counts.
function statesOf(shape) {
  const order = ["good", "wrong", "missing"];
  const states = new Map();
  for (const [, group, state, , , wanted] of shape) {
    const known = states.get(group);
    if (wanted && (!known || order.indexOf(state) > order.indexOf(known))) states.set(group, state);
  }
  return states;
}

// reference joins a repository and a tag, a digest, or both.
function reference(repository, tag) {
  return repository === "" ? "" : repository + (/^[a-z0-9]+:[0-9a-f]{32,}$/.test(tag) ? "@" : ":") + tag;
}

const destinationOf = (t, row) => reference(t.destinations[t.name[row]], t.tags[t.tag[row]]);
const sourceOf = (t, row) => reference(t.sources[t.name[row]], t.tags[t.sourceTag[row]]);
const classOf = (t, row) => classes[t.class[row]];
const reasonOf = (t, row) => t.words[t.reason[row]];
const hasPassed = (t, row) => t.class[row] >= classes.indexOf("waived"); // or needs no attention

// messageOf returns what the page says about a row: the message, and the script's reason.
function messageOf(t, row) {
  const message = t.texts[t.message[row]];
  if (row in t.waived) return "accepted: " + t.texts[t.waived[row]] + (message && "; " + message);
  if (row in t.rejected && !message) return t.texts[t.rejected[row]];
  return message;
}

// lineOf returns the line of the list as it stands there. htmlcolumns.go puts signs in
// place of names.
function lineOf(t, row) {
  const line = t.templates[t.template[row]];
  if (line.startsWith("\u0007")) return line.slice(1);
  const source = t.sources[t.name[row]];
  const destination = t.destinations[t.name[row]];
  const path = (name) => name.slice(name.indexOf("/") + 1);
  const words = ["", source, destination, t.tags[t.tag[row]], path(source), path(source).replace(/^library\//, ""), path(destination)];
  return line.replace(/[\u0001-\u0006]/g, (sign) => words[sign.charCodeAt(0)]);
}

// linesOf returns the lines of those rows that did not pass: in the order of the lists,
// and each line once, though a script may have validated it several times.
function linesOf(t, rows) {
  const lines = [];
  let last = -1;
  for (const row of Int32Array.from(rows).sort()) {
    if (hasPassed(t, row)) continue;
    const isSame = last >= 0 && t.lists[t.list[row]] !== "" && t.list[last] === t.list[row] && t.number[last] === t.number[row] && t.part[last] === t.part[row];
    last = row;
    if (!isSame) lines.push(lineOf(t, row));
  }
  return lines;
}

// digestsOf returns the digests of a row: of the tag and of each platform, for each of
// them the source's and the destination's.
function digestsOf(t, row) {
  const pairs = [];
  const whole = (digest) => (/^[0-9a-f]{64}$/.test(digest) ? "sha256:" + digest : /^[0-9a-f]{12}$/.test(digest) ? "sha256:" + digest + "…" : digest);
  for (let i = t.digestsAt[row]; i < t.digestsAt[row + 1]; i += 2) {
    const source = t.digests[i];
    const destination = t.digests[i + 1] === "=" ? source : t.digests[i + 1];
    pairs.push([whole(source), whole(destination)]);
  }
  return pairs;
}

// visible shows characters that nobody sees as escapes, such as \u202e.
function visible(text) {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => {
    const code = c.codePointAt(0);
    return code > 0xffff ? "\\U" + code.toString(16).padStart(8, "0") : "\\u" + code.toString(16).padStart(4, "0");
  });
}

// element returns a new element of a class with children, which are elements or texts.
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

// icon returns the icon of an outcome.
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon " + name);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

const withCommas = new Intl.NumberFormat("en-US");
const count = (n, what) => withCommas.format(n) + " " + what + (n === 1 ? "" : "s");
