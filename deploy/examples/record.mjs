// Records one item, mails it, and waits until its mail has an outcome. Needs Node.js 18 or newer alone.
//   UITPOST_URL=http://127.0.0.1:8420 UITPOST_TOKEN=uitpost_… node record.mjs
const { UITPOST_URL, UITPOST_TOKEN } = process.env;

async function ask(path, body) {
  const answer = await fetch(UITPOST_URL + path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${UITPOST_TOKEN}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return { ok: answer.ok, said: await answer.json() };
}

// The same request_id again is the same item: a request whose answer got lost is simply sent again.
const { ok, said } = await ask("/api/v1/dossier-items", {
  request_id: "invitation-2026-node",
  type: "outgoing_mail",
  subject: "Invitation 2026",
  issue_method: "email",
  sender_name: "The Bakery",
  sender_address: "post@bakery.example",
  body_layout_id: "invitation",
  attachment_layout_id: "letter",
  destinations: [
    {
      kind: "person",
      number: "3003",
      recipient: { name: "Anna de Vries", email: "anna@home.example", language: "nl" },
    },
  ],
});
if (!ok) {
  // A refusal (RFC 9457) names each thing wrong by its field.
  for (const { field, detail } of said.errors ?? [{ field: said.code, detail: said.detail }]) {
    console.error(`${field}: ${detail}`);
  }
  process.exit(1);
}

let run;
do {
  await new Promise((resolve) => setTimeout(resolve, 200));
  run = await ask(`/api/v1/runs/${said.run_id}`);
} while (!run.said.complete); // until the history has heard of it, it answers 404
const rows = await ask(`/api/v1/processing?run_id=${said.run_id}`);
for (const row of rows.said.items) {
  console.log(row.recipient_address, row.status, row.message_id);
}
