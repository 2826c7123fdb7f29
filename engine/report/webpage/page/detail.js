// This file shows one image: its platforms side by side, and what is missing.

// stateWords say what a state means for a node.
const stateWords = { good: "good", missing: "missing at the destination", wrong: "wrong" };
const matchWords = {
  "identical": "identical: the same digest",
  "same-platforms": "same-platforms: the same digests of the platforms",
  "converted": "converted: the same layers and config under other media types",
  "recompressed": "recompressed: the same uncompressed layers and config",
};

// drawDetail returns the elements that show an image.
function drawDetail(t, row) {
  const outcome = classOf(t, row);
  const reason = reasonOf(t, row);
  const all = [heading(t, row, outcome, reason)];
  const message = t.texts[t.message[row]];
  if (row in t.waived) all.push(said(outcome, "The script accepts this result: " + t.texts[t.waived[row]]));
  if (row in t.rejected) all.push(said(outcome, "The script rejects this image: " + t.texts[t.rejected[row]]));
  if (message) all.push(said(row in t.waived ? t.words[t.status[row]] : outcome, message));
  const advice = document.querySelector(`[data-reason="${CSS.escape(reason)}"] .advice`);
  if (advice && !hasPassed(t, row)) all.push(element("p", "", element("strong", "", "What to do: "), advice.textContent));
  all.push(sides(t, row));
  const digests = digestsOf(t, row).flat();
  for (const [title, objects] of [["Missing at the destination", t.missing[row]], ["Corrupt at the destination", t.corrupt[row]]]) {
    if (objects) all.push(section(title, objectList(objects, digests)));
  }
  if (t.warnings[row]) all.push(section("Warnings", element("ul", "objects", ...t.warnings[row].map((at) => element("li", "", element("bdi", "", t.texts[at]))))));
  all.push(line(t, row), facts(t, row));
  return all;
}

function heading(t, row, outcome, reason) {
  const title = element("h2", "", element("bdi", "", destinationOf(t, row) || visible(lineOf(t, row))));
  title.id = "detail-title";
  const source = sourceOf(t, row);
  return element("div", outcome,
    element("p", "badge", icon(outcome), classNames[outcome], reason ? " · " + reason : ""),
    title,
    source ? element("p", "dim long", "from ", element("bdi", "", source)) : null);
}

function said(outcome, text) {
  return element("p", "message " + outcome, element("bdi", "", text));
}

function section(title, ...children) {
  return element("div", "", element("h3", "", title), ...children);
}

// sides returns the table of digests: of the tag, and of each platform.
function sides(t, row) {
  const pairs = digestsOf(t, row);
  const shape = t.shapes[t.shape[row]];
  const messages = t.platformMessages[row] ?? [];
  const body = element("tbody", "");
  const add = (name, [source, destination], state, words, message) => {
    const cell = (title, ...children) => {
      const made = element("td", "code", ...children);
      made.dataset.name = title;
      return made;
    };
    const head = element("th", "", element("bdi", "", name));
    head.scope = "row";
    const verdict = element("td", "", element("span", "state " + state, state ? icon(state) : null, words), message ? element("p", "long", element("bdi", "", message)) : null);
    body.append(element("tr", "", head, cell("Source", source || "—"), cell("Destination", destination && destination === source ? "the same" : destination || "—"), verdict));
  };
  if (pairs[0][0] || pairs[0][1]) add("under the tag", pairs[0], "", pairs[0][0] && pairs[0][0] === pairs[0][1] ? "equal" : pairs[0][0] && pairs[0][1] ? "different digests" : "", "");
  shape.forEach(([name, , state, match, reason, wanted], i) => {
    const words = (state === "good" ? match || "good" : stateWords[state] + (reason && reason !== reasonOf(t, row) ? " · " + reason : "")) + (wanted ? "" : " (nobody asked for it)");
    add(name, pairs[i + 1], stateClasses[state], words, t.texts[messages[i]] ?? "");
  });
  if (body.childElementCount === 0) return section("Platforms", element("p", "dim", "Nothing is known about the platforms of this image."));
  const titles = ["Platform", "Digest at the source", "Digest at the destination", "What matches"].map((text) => {
    const head = element("th", "", text);
    head.scope = "col";
    return head;
  });
  const note = pairs.flat().some((digest) => digest.endsWith("…")) ? element("p", "note dim", "Digests of images that passed are shortened in this page. The results file has the whole digests.") : null;
  const more = t.morePlatforms[row];
  const rest = more ? element("p", "note", `and ${count(more, "platform")} more, which the results file names`) : null;
  return section("Platforms", element("table", "sides", element("thead", "", element("tr", "", ...titles)), body), rest, note);
}

// objectList returns the manifests and blobs that something is wrong with.
function objectList(objects, digests) {
  return element("ul", "objects", ...objects.map((object) => {
    if (typeof object === "number") return element("li", "", "and " + withCommas.format(object) + " more, which the results file names");
    const [digest, kind, platform, layer] = object;
    const whole = typeof digest === "number" ? digests[digest] : /^[0-9a-f]{64}$/.test(digest) ? "sha256:" + digest : digest;
    return element("li", "", layer ? "layer " + layer : kind, platform ? " of " + platform : "", ": ", element("span", "code", whole));
  }));
}

// line returns the line of the list, with a button that copies it.
function line(t, row) {
  const list = t.lists[t.list[row]];
  const copy = element("button", "", "Copy this line");
  copy.type = "button";
  copy.addEventListener("click", () => copyText(lineOf(t, row) + "\n", "the line"));
  const where = list ? `Line ${t.lineNumber[row]} of ${list}` : "Made by the script: no list has this line";
  return section(where, element("p", "code message", visible(lineOf(t, row))), copy);
}

// facts returns how the image was validated.
function facts(t, row) {
  const list = element("dl", "pairs");
  const add = (name, value) => { if (value) list.append(element("div", "", element("dt", "", name), element("dd", "", value))); };
  const match = t.words[t.match[row]];
  add("Number in the log (M_ID)", String(t.number[row]));
  add("Match", matchWords[match] ?? match);
  add("Judged by", (t.termsTexts ?? [])[t.terms[row]]);
  add("Served by", t.texts[t.servedBy[row]]);
  add("Attempts", String(t.attempts[row]));
  add("Requests for this image alone", String(t.requests[row]));
  const began = new Date(t.began + 1000 * t.started[row]);
  if (began.getFullYear() > 1970) add("Began", began.toISOString().slice(0, 19).replace("T", " ") + " UTC");
  add("Took", took(t.duration[row]));
  return list;
}
