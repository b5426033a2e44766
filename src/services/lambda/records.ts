/** What the Lambda service remembers. Rows are plain JSON, so that the next process reads them. */
import type { FunctionConfig } from "../../config/function-config.js";
import type { JsonObject } from "../kit/json-protocol.js";

/** A function, or one published version of it. */
export interface FunctionRecord {
  readonly config: FunctionConfig;
  /** Declared in the template: what the API changes about it lasts until the stack stops. */
  readonly fromTemplate: boolean;
  /** Base64, as AWS shows it. */
  readonly codeSha256: string;
  readonly codeSizeBytes: number;
  readonly revisionId: string;
  /** `2026-01-01T00:00:00.000+0000` */
  readonly lastModified: string;
  readonly layerArns: readonly string[];
  /** Of their packages. */
  readonly layerSizes?: readonly number[];
  /** Settings that change nothing here, given back as they were set: VpcConfig, KMSKeyArn, FileSystemConfigs ... */
  readonly asSent: JsonObject;
}

export interface AliasRecord {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Share of calls, by version, that go elsewhere. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

/** Event invoke config of one qualifier, as the API shows it. */
export interface EventInvokeRecord {
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeSeconds?: number;
  readonly onSuccessArn?: string | undefined;
  readonly onFailureArn?: string | undefined;
  readonly lastModifiedMs: number;
}

export interface UrlRecord {
  readonly urlId: string;
  readonly authType: "NONE" | "AWS_IAM";
  readonly invokeMode: "BUFFERED" | "RESPONSE_STREAM";
  readonly cors: JsonObject | undefined;
  readonly createdAt: string;
  readonly lastModified: string;
}

/** Of a function, version or alias, whose revision it shares. */
export interface PolicyRecord {
  readonly statements: readonly JsonObject[];
  /** `Version` and `Id` of a policy that was set as a document. */
  readonly frame?: JsonObject;
}

export interface LayerRecord {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly createdAt: string;
  readonly compatibleRuntimes: readonly string[];
  readonly compatibleArchitectures: readonly string[];
  readonly licenseInfo: string | undefined;
  readonly codeSha256: string;
  readonly codeSizeBytes: number;
  readonly policy?: PolicyRecord & { readonly revisionId: string };
}

/** Odds and ends of one function. */
export interface SettingsRecord {
  readonly recursiveLoop?: "Terminate" | "Allow";
  /** By `$LATEST` or version. */
  readonly runtimeManagement?: Readonly<Record<string, JsonObject>>;
  readonly codeSigningConfigArn?: string;
  /** Requested provisioned concurrency, by qualifier. */
  readonly provisioned?: Readonly<Record<string, { readonly requested: number; readonly lastModified: string }>>;
}

export interface CodeSigningRecord {
  readonly id: string;
  readonly description: string;
  /** ARNs of signing profiles. */
  readonly profiles: readonly string[];
  readonly untrusted: "Warn" | "Enforce";
  readonly lastModified: string;
}

export interface RowKinds {
  function: FunctionRecord;
  version: FunctionRecord;
  alias: AliasRecord;
  eventInvoke: EventInvokeRecord;
  url: UrlRecord;
  policy: PolicyRecord;
  /** Last version number, kept when the function goes: AWS never gives one out twice. */
  counter: number;
  layer: LayerRecord;
  settings: SettingsRecord;
  /** By id. */
  codeSigning: CodeSigningRecord;
  /** What the template says and the API took away, by name of the part. */
  gone: true;
  /** What an event source mapping was sent and nothing here obeys, by UUID. */
  mappingSent: JsonObject;
  /** Of what is no function, by ARN. */
  tags: Readonly<Record<string, string>>;
}
