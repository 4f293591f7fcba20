// Keeps a service's page up to date: listens to the server's events and, when
// the page's version is no longer current, fetches the live parts again. The
// form is never touched, and nothing under a thumb moves.
const main = document.getElementById("main");
const announce = document.getElementById("announce");
const path = `/s/${encodeURIComponent(main.dataset.service)}`;
const parts = ["live-answer", "live-detail"];
const calm = 1500; // ms after a touch in which nothing is swapped
const spread = 2000; // ms over which many readers spread their fetches

let shown = main.dataset.version;
let timer = 0;
let due = Infinity;
let eager = -Infinity; // until then, news is fetched at once
let touched = -Infinity;

for (const kind of ["pointerdown", "touchstart", "keydown"]) {
  addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
}

// schedule fetches after a delay; of two wishes the earlier one holds, so that
// a stream of events cannot put it off for ever.
function schedule(delay) {
  const at = performance.now() + delay;
  if (at >= due) return;
  due = at;
  clearTimeout(timer);
  timer = setTimeout(() => {
    due = Infinity;
    refresh();
  }, delay);
}

async function refresh() {
  const wait = touched + calm - performance.now();
  if (wait > 0) return schedule(wait);
  try {
    const answer = await fetch(`${path}?fragment=live`, { headers: { Accept: "text/html" } });
    if (answer.ok) swap(await answer.text());
  } catch {
    // The network is gone; the event stream reconnects and asks again.
  }
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const anchor = document.getElementById("report");
  const before = anchor.getBoundingClientRect().top;
  for (const id of parts) {
    const old = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (!old || !next) continue;
    const open = old.querySelector("details[open]") !== null;
    next.style.minHeight = id === "live-answer" ? `${old.offsetHeight}px` : "";
    if (open) next.querySelector("details")?.setAttribute("open", "");
    old.replaceWith(document.adoptNode(next));
    next.dispatchEvent(new CustomEvent("downpour:swapped", { bubbles: true }));
    shown = next.dataset.version ?? shown;
  }
  scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
}

let events = null;
let state = null;

function listen() {
  events = new EventSource(`${path}/events`);
  events.addEventListener("status", (e) => {
    const status = JSON.parse(e.data);
    if (state !== null && state !== status.state) announce.textContent = status.sentence;
    state = status.state;
    if (status.version !== shown) schedule(performance.now() < eager ? 100 : Math.random() * spread);
  });
}

// A page that nobody looks at keeps no connection open.
function attend() {
  const visible = document.visibilityState === "visible";
  if (visible && events === null) listen();
  if (!visible && events !== null) {
    events.close();
    events = null;
  }
}

// Own report: show it at once, and again when the server's copy of the page,
// which it keeps for a second, has certainly been made anew.
document.addEventListener("downpour:reported", () => {
  touched = -Infinity;
  eager = performance.now() + 5000;
  schedule(300);
  setTimeout(() => schedule(0), 1300);
});
document.addEventListener("visibilitychange", attend);
attend();
