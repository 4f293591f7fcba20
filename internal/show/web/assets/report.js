// Sends the report in place. Without this script the form does the same by
// loading the page again.
const form = document.getElementById("report");
const outcome = document.getElementById("outcome");
const button = form.querySelector("button[type=submit]");

form.addEventListener("submit", async (e) => {
  e.preventDefault();
  button.disabled = true;
  const fields = new FormData(form);
  const body = JSON.stringify({ symptom: fields.get("symptom") ?? "", text: fields.get("text") ?? "" });
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body,
    });
    show(...(await understood(answer)));
    if (answer.ok) {
      form.reset();
      document.dispatchEvent(new CustomEvent("downpour:reported"));
    }
  } catch {
    show("bad", "Not sent.", "Your network did not answer. Please try again.");
  }
  button.disabled = false;
});

async function understood(answer) {
  const said = await answer.json().catch(() => ({}));
  if (answer.ok && said.counted) return ["good", "Counted, thank you.", "Your report is part of the numbers on this page."];
  if (answer.ok) return ["", "Received, thank you.", "It is kept, but not counted again: we count each network once in ten minutes."];
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 429 || answer.status === 503) {
    return ["bad", "Not taken this time.", wait > 0 ? `Please try again in ${wait} seconds.` : "Please try again in a moment."];
  }
  return ["bad", "That could not be read.", said.title ?? ""];
}

function show(kind, title, text) {
  const p = document.createElement("p");
  p.className = `outcome ${kind}`.trim();
  const b = document.createElement("b");
  b.textContent = title;
  const span = document.createElement("span");
  span.append(b, ` ${text}`);
  p.append(span);
  outcome.replaceChildren(p);
}
