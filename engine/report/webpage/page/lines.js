// This file hands out lines of the list, to mirror these images again.

// say shows a short message for some seconds. A screen reader reads it, too.
let saying = 0;
function say(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(saying);
  saying = setTimeout(() => { said.textContent = ""; }, 4000);
}

// copyText copies a text. A browser may forbid that: then a dialog shows the text, and
// the reader copies it from there.
async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied " + what + ".");
  } catch {
    const dialog = document.getElementById("lines");
    const area = document.getElementById("lines-text");
    document.getElementById("lines-title").textContent = "Copy " + what;
    document.getElementById("lines-note").textContent = "This browser does not let the page copy. The text is selected: press Ctrl-C, or ⌘C.";
    area.value = text;
    dialog.showModal();
    area.focus();
    area.select();
  }
}

// copyLines copies lines of the list.
function copyLines(lines) {
  return copyText(lines.map((line) => line + "\n").join(""), count(lines.length, "line"));
}

// downloadLines offers lines as a file.
function downloadLines(lines) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines.map((line) => line + "\n"), { type: "text/plain" }));
  link.download = "mirror-again.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say("Saved " + count(lines.length, "line") + " as " + link.download + ".");
}
