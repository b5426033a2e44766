/** A document on its way through `examples/document-assistant`: a link, an upload, a question. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { hasCurl, withStack } from "./running-stack.mjs";

const FOLDER = fileURLToPath(new URL("../../examples/document-assistant", import.meta.url));
const PATIENCE_MS = 30_000;

/** Undefined where there is no curl. */
export async function recordAssistant() {
  if (!hasCurl()) return undefined;
  return withStack(FOLDER, async ({ endpoint, urls, notices }) => {
    const api = urls.find(({ kind }) => kind === "rest").url;
    const [, key] = /takes (\S+) as x-api-key/.exec(notices.join("\n"));
    const env = { ...process.env, AWS_ENDPOINT_URL: endpoint };
    const token = execFileSync(process.execPath, ["token.mjs"], { cwd: FOLDER, env, encoding: "utf8" }).trim();
    const shell = (command) =>
      execFileSync("bash", ["-c", command], {
        cwd: FOLDER,
        env: { ...env, TOKEN: token, KEY: key, API: api, URL: link },
        encoding: "utf8",
      });
    let link = "";
    const said = [`$ API=${api} KEY=${key} TOKEN=$(node token.mjs)\n`];
    const say = (command) => {
      const answer = shell(command);
      said.push(`$ ${command}\n${answer.replace(/\n?$/, "\n")}`);
      return answer;
    };
    const post = (path, body) =>
      `curl -s $API${path} -H "Authorization: Bearer $TOKEN" -H "X-Api-Key: $KEY" -d '${JSON.stringify(body)}'`;
    link = JSON.parse(
      say(post("/upload/presigned-url", { filename: "engines.md", content_type: "text/markdown" })),
    ).presigned_url;
    said.push(`$ URL=${link.slice(0, 40)}...   # its presigned_url\n`);
    say(
      `curl -s -w '%{http_code}' -T engines.md -H 'Content-Type: text/markdown' -H 'x-amz-server-side-encryption: AES256' "$URL"`,
    );
    // Processed in its own time: a moment later, whoever looks sees it.
    const rows = post("/crud", { operation: "read", table_name: "documents" });
    for (const until = Date.now() + PATIENCE_MS; !shell(rows).includes('"status":"done"');) {
      if (Date.now() > until) throw new Error("the document was not processed");
    }
    say(post("/chat", { query: "Who wrote the first program?" }));
    return said.join("");
  });
}
