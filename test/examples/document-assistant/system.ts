/** The document assistant as its users see it: requests with token and key, uploads by presigned links. */
import { createHmac } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createStack, type FinishedInvocation, type Item, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";

const EXAMPLE = join(__dirname, "..", "..", "..", "examples", "document-assistant");
const PATIENCE_MS = 50_000;
export const ORIGIN = "https://app.example.com";

export type Library = "docling" | "sentence-transformer" | "pinecone" | "neo4j" | "openai";

export interface SystemOptions {
  /** Code in place of a library function. */
  readonly libraries?: Partial<Record<Library, string>>;
  /** Pieces of the template and what stands there instead. */
  readonly template?: Readonly<Record<string, string>>;
}

export interface Sent {
  readonly body?: unknown;
  readonly key?: string | null;
  readonly token?: string | null;
  readonly origin?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Presigned {
  readonly presigned_url: string;
  readonly document_id: string;
  readonly s3_key: string;
  readonly bucket: string;
  readonly required_headers: Readonly<Record<string, string>>;
}

export class AssistantSystem {
  readonly stack: TestStack;
  readonly logs: readonly string[];
  readonly keys: Readonly<Record<string, string>>;
  readonly #tokenKey: string;
  readonly #project: ProjectFolder;

  private constructor(
    stack: TestStack,
    project: ProjectFolder,
    logs: readonly string[],
    keys: Readonly<Record<string, string>>,
    tokenKey: string,
  ) {
    this.stack = stack;
    this.#project = project;
    this.logs = logs;
    this.keys = keys;
    this.#tokenKey = tokenKey;
  }

  static async start({ libraries = {}, template = {} }: SystemOptions = {}): Promise<AssistantSystem> {
    const project = new ProjectFolder({});
    cpSync(EXAMPLE, project.folder, { recursive: true });
    let text = readFileSync(join(EXAMPLE, "template.yaml"), "utf8");
    for (const [name, code] of Object.entries(libraries)) {
      project.write(`src/faults/${name}/handler.ts`, code);
      text = exchanged(text, `libraries/${name}/handler.ts`, `faults/${name}/handler.ts`);
    }
    for (const [from, to] of Object.entries(template)) text = exchanged(text, from, to);
    project.write("template.yaml", text);
    const logs: string[] = [];
    const keys: Record<string, string> = {};
    const stack = await createStack({
      folder: project.folder,
      // Virtual, from now on: functions have the machine's own time, in tokens, links and metrics too.
      clock: new Date(),
      onLog: (name, line) => logs.push(`${name}: ${line}`),
      onNotice: (notice) => {
        const [, value, name] = /takes (\S+) as x-api-key \((.+)\)/.exec(notice) ?? [];
        if (name !== undefined && value !== undefined) keys[name] = value;
      },
    });
    const secrets = new SecretsManagerClient(stack.clientConfig);
    const { SecretString = "" } = await secrets.send(
      new GetSecretValueCommand({ SecretId: "document-assistant/token-key" }),
    );
    secrets.destroy();
    return new AssistantSystem(stack, project, logs, keys, SecretString);
  }

  /** A bearer token of the API's own making. */
  token(claims: Readonly<Record<string, unknown>> = {}, key = this.#tokenKey, alg = "HS256"): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ alg, typ: "JWT" })}.${part({ sub: "ada", exp: Math.floor(Date.now() / 1000) + 3600, ...claims })}`;
    return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
  }

  /** `request` is method and path: `POST /chat`. Null leaves key or token out. */
  async ask(request: string, { body, key, token, origin = ORIGIN }: Sent = {}): Promise<Answer> {
    const [method = "GET", path = "/"] = request.split(" ");
    const apiKey = key === undefined ? this.keys["document-assistant-web"] : key;
    const bearer = token === undefined ? this.token() : token;
    const response = await this.stack.http(path, {
      method,
      headers: {
        Origin: origin,
        ...(apiKey === null || apiKey === undefined ? {} : { "X-Api-Key": apiKey }),
        ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : { text },
    };
  }

  async presign(filename: string, contentType = "text/markdown"): Promise<Presigned> {
    const { status, body } = await this.ask("POST /upload/presigned-url", {
      body: { filename, content_type: contentType },
    });
    expect(status).toBe(200);
    return body as unknown as Presigned;
  }

  /** Uploads as a client does. Resolves when S3 has it; the processor is then on its way. */
  async upload(filename: string, content: string | Buffer, contentType = "text/markdown"): Promise<Presigned> {
    const presigned = await this.presign(filename, contentType);
    const { presigned_url: url, required_headers: headers } = presigned;
    const { status } = await fetch(url, { method: "PUT", headers, body: content });
    expect(status).toBe(200);
    return presigned;
  }

  /** Uploads, and waits for the first attempt to process it. */
  async process(filename: string, content: string | Buffer, contentType?: string): Promise<ProcessedDocument> {
    const before = this.attempts().length;
    const presigned = await this.upload(filename, content, contentType);
    await this.waitFor(() => this.attempts().length > before);
    const attempt = this.attempts().at(-1);
    const row = await this.stack.dynamodb.get("Documents", { document_id: presigned.document_id });
    return { ...presigned, attempt, row };
  }

  /** Looks whenever something happens, also on a busy machine. */
  waitFor<T>(check: () => T | Promise<T>) {
    return this.stack.waitFor(check, { timeoutMs: PATIENCE_MS });
  }

  /** Finished invocations of the processor, without S3's test event. */
  attempts(): readonly FinishedInvocation[] {
    return this.stack.invocations("DocumentProcessor").filter(({ event }) => "Records" in (event as object));
  }

  async close(): Promise<void> {
    await this.stack.close();
    this.#project.remove();
  }
}

export interface ProcessedDocument extends Presigned {
  readonly attempt: FinishedInvocation | undefined;
  readonly row: Item | undefined;
}

/** The body of an answer in the envelope of functions. */
export function bodyOf(payload: unknown): Readonly<Record<string, unknown>> {
  return JSON.parse((payload as { body: string }).body) as Record<string, unknown>;
}

function exchanged(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the template has no ${from}`);
  return text.replaceAll(from, to);
}
