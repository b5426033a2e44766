/** Runs the built CLI as a process in a project folder of its own. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const BIN = join(__dirname, "..", "..", "bin", "lambda-run.js");

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class ProjectFolder {
  readonly folder = mkdtempSync(join(tmpdir(), "lambda-run-test-"));

  constructor(files: Readonly<Record<string, string>>) {
    // Readable for the unprivileged user inside the sandbox, as checked-out sources are.
    chmodSync(this.folder, 0o755);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(args, options);
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("error", reject);
      child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
      child.stdin.end(options.input ?? "");
    });
  }

  spawn(args: readonly string[], options: RunOptions = {}) {
    return spawn(process.execPath, [BIN, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A template with one function and one bucket, and its handler. */
export function smallProject(handler: string, properties = ""): Record<string, string> {
  return {
    "template.yaml": [
      "Transform: AWS::Serverless-2016-10-31",
      "Resources:",
      "  HelloFunction:",
      "    Type: AWS::Serverless::Function",
      "    Properties:",
      "      FunctionName: hello",
      "      Runtime: nodejs22.x",
      "      CodeUri: src/",
      "      Handler: hello.handler",
      properties,
      "  Store:",
      "    Type: AWS::S3::Bucket",
      "    Properties: { BucketName: my-store }",
      "",
    ].join("\n"),
    "src/hello.ts": handler,
    // Ports are taken from the system, so that tests run side by side.
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  };
}
