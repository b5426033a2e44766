/**
 * Which functions there are: those of the template and those that the API made, their versions and aliases. The one
 * place that turns a name and a qualifier into code to run.
 */
import { randomUUID } from "node:crypto";
import type { ApiCors, FunctionUrlSource } from "../../config/event-source.js";
import type { EventInvokeConfig, FunctionConfig } from "../../config/function-config.js";
import type { RuntimeHost } from "../../runtime/host.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { CodeFolder } from "./code-folder.js";
import type { AliasRecord, FunctionRecord, UrlRecord } from "./records.js";
import type { Rows } from "./rows.js";

export const LATEST = "$LATEST";

/** What happens to asynchronous calls; the dead-letter target is the function's, whatever the qualifier. */
export interface AsyncSettings extends EventInvokeConfig {
  readonly deadLetterTargetArn: string | undefined;
}

/** AWS's: two retries, six hours. */
const ASYNC_DEFAULTS = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 };

export interface DirectoryOptions {
  readonly realm: Realm;
  readonly clock: Clock;
  readonly host: RuntimeHost;
  readonly rows: Rows;
  readonly code: CodeFolder;
  /** Those of the template, which may be read anew while the stack runs. */
  readonly functions: () => readonly FunctionConfig[];
  readonly functionUrls: () => readonly FunctionUrlSource[];
}

/** Parts of a function that the template can make and the API delete one by one. */
export type DeclaredPart = `${"url" | "eventInvoke" | "alias" | "version"}:${string}`;

/** A function URL, from the template or the API. */
export interface KnownUrl {
  readonly url: UrlRecord;
  readonly functionName: string;
  readonly qualifier: string | undefined;
}

export class FunctionDirectory {
  readonly #options: DirectoryOptions;
  /** The reading of the template that `#records` was made from. */
  #reading: readonly FunctionConfig[] | undefined;
  #records = new Map<string, FunctionRecord>();
  readonly #startedAt: string;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#startedAt = this.timestamp();
  }

  /** Functions of the template. A new reading takes the place of what the API changed about the old one. */
  get #template(): Map<string, FunctionRecord> {
    const reading = this.#options.functions();
    if (reading !== this.#reading) {
      this.#reading = reading;
      this.#records = new Map(reading.map((config) => [config.name, this.#templateRecord(config)]));
    }
    return this.#records;
  }

  /** `$LATEST` of every function, by name. */
  all(): readonly FunctionRecord[] {
    const names = new Set([...this.#template.keys(), ...this.#options.rows.namesOf("function")]);
    return [...names].toSorted().flatMap((name) => this.latest(name) ?? []);
  }

  latest(name: string): FunctionRecord | undefined {
    const template = this.#template.get(name);
    return template ?? this.#runnable(this.#options.rows.get("function", name));
  }

  /** `$LATEST` or a published version. */
  version(name: string, version: string): FunctionRecord | undefined {
    if (version === LATEST) return this.latest(name);
    const published = this.#runnable(this.#options.rows.get("version", name, version));
    if (published !== undefined) return this.#withReservation(published);
    const latest = this.#template.get(name);
    if (latest?.config.published?.versions.includes(version) !== true || this.isGone(name, `version:${version}`))
      return undefined;
    return this.#published(latest, version, latest.revisionId);
  }

  /** Published versions, oldest first. */
  versions(name: string): readonly FunctionRecord[] {
    const published = this.#options.rows.partsOf("version", name).map(([version]) => version);
    const numbers = new Set([...published, ...(this.#template.get(name)?.config.published?.versions ?? [])]);
    return [...numbers].toSorted((a, b) => Number(a) - Number(b)).flatMap((number) => this.version(name, number) ?? []);
  }

  alias(name: string, alias: string): AliasRecord | undefined {
    const row = this.#options.rows.get("alias", name, alias);
    if (row !== undefined) return row;
    const latest = this.#template.get(name);
    const declared = latest?.config.published?.aliases.find((candidate) => candidate.name === alias);
    return latest === undefined || declared === undefined || this.isGone(name, `alias:${alias}`)
      ? undefined
      : { ...declared, revisionId: latest.revisionId };
  }

  aliases(name: string): readonly AliasRecord[] {
    const names = new Set(this.#options.rows.partsOf("alias", name).map(([alias]) => alias));
    for (const own of this.#template.get(name)?.config.published?.aliases ?? []) names.add(own.name);
    return [...names].toSorted().flatMap((alias) => this.alias(name, alias) ?? []);
  }

  /** What a call with this qualifier runs now: an alias with weights draws anew at every call. */
  resolve(name: string, qualifier: string | undefined): FunctionConfig | undefined {
    if (qualifier === undefined || qualifier === LATEST) return this.latest(name)?.config;
    const alias = this.alias(name, qualifier);
    if (alias === undefined) return this.version(name, qualifier)?.config;
    return this.version(name, drawVersion(alias))?.config;
  }

  /** What happens to asynchronous calls with this qualifier. */
  asyncSettings(name: string, qualifier = LATEST): AsyncSettings {
    const set = this.#options.rows.get("eventInvoke", name, qualifier) ?? this.templateAsync(name, qualifier);
    return {
      maximumRetryAttempts: set?.maximumRetryAttempts ?? ASYNC_DEFAULTS.maximumRetryAttempts,
      maximumEventAgeSeconds: set?.maximumEventAgeSeconds ?? ASYNC_DEFAULTS.maximumEventAgeSeconds,
      onSuccessArn: set?.onSuccessArn,
      onFailureArn: set?.onFailureArn,
      deadLetterTargetArn: this.latest(name)?.config.deadLetterTargetArn,
    };
  }

  /** What the template says about them. */
  templateAsync(name: string, qualifier: string): EventInvokeConfig | undefined {
    return this.isGone(name, `eventInvoke:${qualifier}`)
      ? undefined
      : this.#template.get(name)?.config.eventInvoke?.[qualifier];
  }

  /** Whether chains of calls in a circle are cut. */
  endsRecursion(name: string): boolean {
    const set = this.#options.rows.get("settings", name)?.recursiveLoop;
    return set === undefined ? this.latest(name)?.config.allowsRecursion !== true : set !== "Allow";
  }

  /** Stamps the change and puts it in force: the next invocation runs on it. */
  async save(record: FunctionRecord): Promise<FunctionRecord> {
    const saved = { ...record, revisionId: randomUUID(), lastModified: this.timestamp() };
    await this.#replace(saved);
    this.#options.host.update(saved.config);
    return saved;
  }

  /** Only the next call is judged by it: no environment has to end. */
  async reserve(record: FunctionRecord, reservedConcurrency: number | undefined): Promise<void> {
    await this.#replace({ ...record, config: { ...record.config, reservedConcurrency } });
  }

  async tag(record: FunctionRecord, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#replace({ ...record, config: { ...record.config, tags } });
  }

  async #replace(record: FunctionRecord): Promise<void> {
    const { name } = record.config;
    if (record.fromTemplate) this.#template.set(name, record);
    else await this.#options.rows.put("function", name, "", record, { durable: true });
  }

  /** The URL of a function, or of an alias of it. */
  urlOf(name: string, part: string): UrlRecord | undefined {
    return this.#options.rows.get("url", name, part) ?? this.#templateUrl(name, part);
  }

  /** By what they belong to: `$LATEST` or an alias. */
  urlsOf(name: string): readonly (readonly [part: string, url: UrlRecord])[] {
    const stored = this.#options.rows.partsOf("url", name);
    const declared = this.#urlSources(name).flatMap(({ qualifier: part = LATEST }) => {
      const url = stored.some(([other]) => other === part) ? undefined : this.#templateUrl(name, part);
      return url === undefined ? [] : [[part, url] as const];
    });
    return [...stored, ...declared];
  }

  /** Every function URL there is. */
  urls(): readonly KnownUrl[] {
    return this.all().flatMap(({ config: { name } }) =>
      this.urlsOf(name).map(([part, url]) => ({
        url,
        functionName: name,
        qualifier: part === LATEST ? undefined : part,
      })),
    );
  }

  #urlSources(name: string): readonly FunctionUrlSource[] {
    const { config } = this.#template.get(name) ?? {};
    return this.#options.functionUrls().filter(({ functionId }) => functionId === config?.logicalId);
  }

  #templateUrl(name: string, part: string): UrlRecord | undefined {
    const source = this.#urlSources(name).find(({ qualifier = LATEST }) => qualifier === part);
    if (source === undefined || this.isGone(name, `url:${part}`)) return undefined;
    const { urlId, authType, invokeMode, cors } = source;
    const at = this.#startedAt;
    return {
      urlId,
      authType,
      invokeMode,
      cors: cors === undefined ? undefined : corsView(cors),
      createdAt: at,
      lastModified: at,
    };
  }

  /** Freezes `$LATEST` under the next number. */
  async publish(latest: FunctionRecord, description: string | undefined): Promise<FunctionRecord> {
    const { rows } = this.#options;
    const { name } = latest.config;
    const declared = latest.config.published?.versions ?? [];
    const last = rows.get("counter", name) ?? Math.max(0, ...declared.map(Number));
    const version = String(last + 1);
    const published = this.#published(latest, version, randomUUID(), description);
    const durable = !latest.fromTemplate;
    await rows.put("counter", name, "", last + 1, { durable });
    await rows.put("version", name, version, published, { durable });
    // As seen on AWS at the policy of `$LATEST` (localstack/localstack#7336).
    await this.revise(name, LATEST);
    return published;
  }

  /** Revision of a function, version or alias, and of its resource policy: they are one (localstack/localstack#7482). */
  revisionOf(name: string, qualifier: string): string {
    return (this.alias(name, qualifier) ?? this.version(name, qualifier))?.revisionId ?? "";
  }

  /** A new revision without a change of the function itself. What the template publishes goes with its function. */
  async revise(name: string, qualifier: string): Promise<string> {
    const { rows } = this.#options;
    const revisionId = randomUUID();
    const latest = this.latest(name);
    const durable = latest?.fromTemplate !== true;
    const alias = rows.get("alias", name, qualifier);
    const version = rows.get("version", name, qualifier);
    if (alias !== undefined) await rows.put("alias", name, qualifier, { ...alias, revisionId }, { durable });
    else if (version !== undefined) await rows.put("version", name, qualifier, { ...version, revisionId }, { durable });
    else if (latest !== undefined) await this.#replace({ ...latest, revisionId });
    return revisionId;
  }

  /** What the template says of a function and the API took away: it stays away until the stack stops. */
  async forget(name: string, part: DeclaredPart): Promise<void> {
    if (this.#template.has(name)) await this.#options.rows.put("gone", name, part, true, { durable: false });
  }

  isGone(name: string, part: DeclaredPart): boolean {
    return this.#options.rows.get("gone", name, part) === true;
  }

  async removeVersion(record: FunctionRecord): Promise<void> {
    await this.forget(record.config.name, `version:${record.config.version}`);
    await this.#options.rows.remove("version", record.config.name, record.config.version);
    await this.#options.host.remove(record.config);
    await this.#dropCode([record]);
  }

  async remove(name: string): Promise<void> {
    const latest = this.latest(name);
    const records = latest === undefined ? [] : [...this.versions(name), latest];
    this.#template.delete(name);
    await this.#options.rows.removeAllOf(name);
    for (const { config } of records) await this.#options.host.remove(config);
    await this.#dropCode(records);
  }

  /** As Lambda writes times: `2026-01-01T00:00:00.000+0000`. */
  timestamp(): string {
    return new Date(this.#options.clock.now()).toISOString().replace("Z", "+0000");
  }

  /** Rows name their code by its hash: the state folder may have moved since. */
  #runnable(record: FunctionRecord | undefined): FunctionRecord | undefined {
    if (record === undefined || record.fromTemplate || record.config.code.kind !== "folder") return record;
    const root = this.#options.code.pathOf(record.codeSha256);
    if (record.config.code.root === root) return record;
    return { ...record, config: { ...record.config, code: { kind: "folder", root } } };
  }

  /** A reservation belongs to the function, whatever version runs. */
  #withReservation(version: FunctionRecord): FunctionRecord {
    const reservedConcurrency = this.latest(version.config.name)?.config.reservedConcurrency;
    if (version.config.reservedConcurrency === reservedConcurrency) return version;
    return { ...version, config: { ...version.config, reservedConcurrency } };
  }

  #published(latest: FunctionRecord, version: string, revisionId: string, description?: string): FunctionRecord {
    const { config } = latest;
    return {
      ...latest,
      revisionId,
      config: {
        ...config,
        version,
        arn: arnOf.function(this.#options.realm, config.name, version),
        description: description ?? config.description,
      },
    };
  }

  async #dropCode(gone: readonly FunctionRecord[]): Promise<void> {
    const used = new Set(
      this.all()
        .flatMap((record) => [record, ...this.versions(record.config.name)])
        .map((record) => record.codeSha256),
    );
    for (const { codeSha256, fromTemplate } of gone)
      if (!fromTemplate && !used.has(codeSha256)) await this.#options.code.remove(codeSha256);
  }

  #templateRecord(config: FunctionConfig): FunctionRecord {
    return {
      config,
      fromTemplate: true,
      codeSha256: "",
      codeSizeBytes: 0,
      revisionId: randomUUID(),
      lastModified: this.timestamp(),
      layerArns: [],
      layerSizes: [],
      asSent: {},
    };
  }
}

function corsView(cors: ApiCors): JsonObject {
  return {
    AllowCredentials: cors.allowCredentials,
    AllowHeaders: cors.allowHeaders,
    AllowMethods: cors.allowMethods,
    AllowOrigins: cors.allowOrigins,
    ExposeHeaders: cors.exposeHeaders,
    ...(cors.maxAgeSeconds === undefined ? {} : { MaxAge: cors.maxAgeSeconds }),
  };
}

function drawVersion({ version, weights }: AliasRecord): string {
  let left = Math.random();
  for (const [other, weight] of Object.entries(weights)) {
    left -= weight;
    if (left < 0) return other;
  }
  return version;
}
