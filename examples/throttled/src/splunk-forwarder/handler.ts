/**
 * Log lines to the HTTP Event Collector of Splunk: events one behind the other, packed, with index and source type as the line
 * says. It says nothing itself but how many; and what it says has no `action`, so that no filter would send it here again.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
 */
import { gzipSync } from "node:zlib";
import { logBatch, membersOf, type LogBatch, type LogLine, type LogsEvent } from "../shared/log-batch.js";
import { postWithToken } from "../shared/post.js";
import { Token } from "../shared/token.js";

const { SPLUNK_HEC_URL = "", SPLUNK_TOKEN_SECRET = "" } = process.env;
const token = new Token(SPLUNK_TOKEN_SECRET);
const RETRY_BASE_MS = Number(process.env["RETRY_BASE_MS"] ?? 500);
/** Of the bodies before packing; Splunk takes 1 MB and more. */
const MAX_BODY_BYTES = 512 * 1024;

export async function handler(event: LogsEvent): Promise<{ readonly forwarded: number }> {
  const batch = logBatch(event);
  for (const body of bodies(batch)) await send(body);
  return { forwarded: batch.lines.length };
}

function* bodies(batch: LogBatch): Generator<string> {
  let body = "";
  for (const line of batch.lines) {
    const event = hecEvent(batch, line);
    if (body !== "" && Buffer.byteLength(body) + Buffer.byteLength(event) > MAX_BODY_BYTES) {
      yield body;
      body = "";
    }
    body += event;
  }
  if (body !== "") yield body;
}

function hecEvent({ logGroup, logStream }: LogBatch, { timestamp, message }: LogLine): string {
  const members = membersOf(message);
  const { "splunk.index": index, "splunk.sourcetype": sourcetype } = members ?? {};
  return JSON.stringify({
    // Seconds.
    time: timestamp / 1000,
    host: logStream,
    source: logGroup,
    ...(typeof sourcetype === "string" ? { sourcetype } : {}),
    ...(typeof index === "string" ? { index } : {}),
    event: members ?? message,
  });
}

async function send(body: string): Promise<void> {
  const answer = await postWithToken(
    token,
    (value) => ({
      url: `${SPLUNK_HEC_URL}/services/collector/event`,
      headers: {
        authorization: `Splunk ${value}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: new Uint8Array(gzipSync(body)),
    }),
    RETRY_BASE_MS,
  );
  if (answer.status !== 200) throw new Error(`Splunk answers ${answer.status}: ${answer.text.slice(0, 200)}`);
}
