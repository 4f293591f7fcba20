// Writes the page's times in the reader's zone. The server writes them in UTC
// and marks each with its form; see clock.go for the same forms.
const day = new Date(document.documentElement.dataset.day);
const lang = document.documentElement.lang;
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const date = { day: "numeric", month: "short" };

const forms = {
  hour: () => clock,
  seconds: (t) => ({ ...clock, second: "2-digit", ...otherDay(t) }),
  millis: () => ({ ...clock, second: "2-digit", fractionalSecondDigits: 3 }),
  date: () => ({ day: "numeric", month: "long", year: "numeric" }),
  day: () => date,
  auto: (t) => ({ ...clock, ...otherDay(t) }),
};

function otherDay(t) {
  if (t.toDateString() === day.toDateString()) return {};
  return t.getFullYear() === day.getFullYear() ? date : { ...date, year: "numeric" };
}

export function localise(root) {
  for (const e of root.querySelectorAll("[data-form]")) {
    const t = new Date(e.dateTime ?? e.dataset.time);
    const form = forms[e.dataset.form];
    if (form && !Number.isNaN(t.getTime())) e.textContent = new Intl.DateTimeFormat(`${lang}-GB`, form(t)).format(t);
  }
  const zone = new Intl.DateTimeFormat(lang, { timeZoneName: "short" }).formatToParts(day).find((p) => p.type === "timeZoneName");
  for (const e of root.querySelectorAll("[data-zone]")) e.textContent = zone?.value ?? "UTC";
}

localise(document);
// Fragments that other scripts put into the page announce themselves.
document.addEventListener("downpour:swapped", (e) => localise(e.target));
