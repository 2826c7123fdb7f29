// This file chooses and sorts rows. A filter is an object of words, which also stands in
// the address of the page: #status=fail&registry=registry.example&q=nginx.

const filterNames = ["q", "status", "reason", "registry", "source", "platform", "state", "sort", "image"];

// readFilter returns the filter in the address.
function readFilter() {
  const words = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(filterNames.map((name) => [name, words.get(name) ?? ""]));
}

// addressOf returns a filter as it stands in the address.
function addressOf(filter) {
  const words = new URLSearchParams();
  for (const name of filterNames) if (filter[name]) words.set(name, filter[name]);
  return "#" + words;
}

// addTexts adds the text of every row in which a search looks. It is made once, so that
// a search only compares.
function addTexts(t) {
  t.haystack = new Array(t.rows);
  for (let i = 0; i < t.rows; i++) {
    const names = destinationOf(t, i) + " " + sourceOf(t, i);
    t.haystack[i] = ((names === " " ? lineOf(t, i) : names) + " " + reasonOf(t, i) + " " + t.words[t.match[i]]).toLowerCase();
  }
  t.lowTexts = t.texts.map((text) => text.toLowerCase());
}

// matching returns the rows that a filter lets through, in the order of the filter.
function matching(t, filter) {
  const tests = [statusTest(t, filter.status), ...columnTests(t, filter), platformTest(t, filter.platform, filter.state)];
  for (const word of filter.q.toLowerCase().split(/\s+/)) if (word) tests.push(wordTest(t, word));
  const wanted = tests.filter(Boolean);
  const found = new Int32Array(t.rows);
  let n = 0;
  rows: for (const i of orderOf(t, filter.sort)) {
    for (const test of wanted) if (!test(i)) continue rows;
    found[n++] = i;
  }
  return found.subarray(0, n);
}

// statusTest tests the outcome. "open" is every image that needs attention.
function statusTest(t, status) {
  if (!status) return null;
  if (status === "open") return (i) => !hasPassed(t, i);
  const place = classes.indexOf(status);
  return (i) => t.class[i] === place;
}

// columnTests test the reason and the registries. "none" is a line that is no image.
function columnTests(t, filter) {
  const among = (words, word) => Uint8Array.from(words, (w) => w === (word === "none" ? "" : word));
  const tests = [];
  if (filter.reason) {
    const hits = among(t.words, filter.reason);
    tests.push((i) => hits[t.reason[i]]);
  }
  if (filter.registry) {
    const hits = among(t.hosts, filter.registry);
    tests.push((i) => hits[t.name[i]]);
  }
  if (filter.source) {
    const hits = among(t.sourceHosts, filter.source);
    tests.push((i) => hits[t.name[i]]);
  }
  return tests;
}

// platformTest tests the state of a platform. Without a platform, any platform may have
// the state.
function platformTest(t, platform, state) {
  if (!platform && !state) return null;
  const none = reasonPlace(t, "no-platform");
  const hits = t.states.map((states) => {
    if (state === "absent") return platform !== "" && states.size > 0 && !states.has(platform);
    if (platform) return states.has(platform) && (!state || states.get(platform) === state);
    return [...states.values()].includes(state);
  });
  return (i) => hits[t.shape[i]] || (state === "absent" && platform !== "" && t.reason[i] === none);
}

const reasonPlace = (t, reason) => t.words.indexOf(reason);

// wordTest tests whether a word is in the names, in the message or in a digest of a row.
function wordTest(t, word) {
  const inTexts = Uint8Array.from(t.lowTexts, (text) => text.includes(word));
  const hex = word.replace(/^sha256:/, "").replace(/…$/, "");
  const rows = /^[0-9a-f]{6,64}$/.test(hex) ? rowsOfDigest(t, hex) : null;
  return (i) => t.haystack[i].includes(word) || inTexts[t.message[i]] || inTexts[t.waived[i]] || inTexts[t.rejected[i]] || rows?.has(i);
}

// rowsOfDigest returns the rows that have a digest. The digests of rows that passed have
// only their first twelve digits.
function rowsOfDigest(t, hex) {
  const found = new Set();
  const start = hex.slice(0, 12);
  for (let row = 0; row < t.rows; row++) {
    for (let i = t.digestsAt[row]; i < t.digestsAt[row + 1]; i++) {
      const digest = t.digests[i];
      if (digest.startsWith(digest.length === 12 ? start : hex)) found.add(row);
    }
  }
  for (const objects of [t.missing, t.corrupt]) {
    for (const [row, all] of Object.entries(objects)) {
      if (all.some((o) => typeof o[0] === "string" && o[0].startsWith(hex))) found.add(Number(row));
    }
  }
  return found;
}

// ranks returns the place of each word in the order of words, where app9 is before app10.
// Equal words have one place.
function ranks(words) {
  const keys = words.map((word) => word.replace(/\d+/g, (digits) => digits.padStart(20, "0")));
  const places = new Int32Array(words.length);
  let place = 0;
  let last = "";
  for (const at of words.map((_, i) => i).sort((a, b) => byCode(keys[a], keys[b]))) {
    if (keys[at] !== last) place++;
    last = keys[at];
    places[at] = place;
  }
  return places;
}

// ranksOfReasons returns the places of reasons: the most frequent one first.
function ranksOfReasons(t) {
  const counts = new Int32Array(t.words.length);
  for (const at of t.reason) counts[at]++;
  const places = t.words.map((_, at) => at).sort((a, b) => counts[b] - counts[a] || a - b);
  return Int32Array.from(t.words, (_, at) => places.indexOf(at));
}

const byCode = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// keyOf returns the number by which a column is sorted.
function keyOf(t, column) {
  switch (column) {
    case "number": return (i) => t.number[i];
    case "duration": return (i) => t.duration[i];
    case "name":
      t.nameRanks ??= ranks(t.destinations);
      t.tagRanks ??= ranks(t.tags);
      return (i) => t.nameRanks[t.name[i]] * (t.tags.length + 1) + t.tagRanks[t.tag[i]];
  }
  t.wordRanks ??= ranksOfReasons(t);
  return (i) => t.class[i] * t.words.length + t.wordRanks[t.reason[i]];
}

// orderOf returns all rows in the order of a column. "-" before its name turns the order
// round. The column of outcomes has the worst outcomes first; they are also first
// without a column. Equal rows stay as the list has them. An order is made once, so that
// a filter only chooses rows of it.
function orderOf(t, sort) {
  t.orders ??= new Map();
  if (!t.orders.has(sort)) {
    const sign = sort.startsWith("-") ? -1 : 1;
    const keys = Float64Array.from({ length: t.rows }, (_, i) => i).map(keyOf(t, sort.replace(/^-/, "")));
    t.orders.set(sort, Int32Array.from(keys, (_, i) => i).sort((a, b) => sign * (keys[a] - keys[b]) || a - b));
  }
  return t.orders.get(sort);
}
