// Runs every audit of graphql-http against the server at the first argument; one JSON object a line: id, name, status, reason.
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2] });
for (const audit of audits) {
  const result = await audit.fn();
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status: result.status, reason: result.reason }));
}
