/** One Lambda function as declared, with every default filled in and every reference resolved. */

export type Architecture = "x86_64" | "arm64";

export interface LoggingConfig {
  readonly format: "Text" | "JSON";
  readonly applicationLogLevel: "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";
  readonly systemLogLevel: "DEBUG" | "INFO" | "WARN";
  readonly logGroup: string;
}

/** How the code gets to /var/task. */
export type CodeSource =
  /** A source file that esbuild bundles; `handlerFile` has no extension yet (`src/functions/manifest/handler`). */
  | {
      readonly kind: "bundle";
      readonly root: string;
      readonly handlerFile: string;
      readonly build: BuildOptions;
      /** Folder below `root` whose files lie beside the bundle ("" = all of `root`); absent = the bundle alone. */
      readonly besides?: string;
      /** `sam build` bundles it with esbuild, too: what fails there fails here. */
      readonly samBundles?: true;
      /** Module that `sam build` makes of it, where that is not the one that Handler names: esbuild drops folders. */
      readonly samModule?: string;
      /** `EntryPoints` of which none is the module that Handler names. */
      readonly otherEntryPoints?: readonly string[];
    }
  /**
   * A folder that is mounted as it is (deployed ZIPs, `Metadata.SkipBuild`, Python, custom runtimes).
   * With `origin` the folder has to be made first: `config/code.ts` writes inline code, the Lambda service unpacks ZIPs.
   */
  | { readonly kind: "folder"; readonly root: string; readonly origin?: CodeOrigin }
  | {
      readonly kind: "image";
      readonly uri: string;
      /** Built before it runs; then `uri` is only what the template says of it. */
      readonly build?: ImageBuild;
      readonly command?: readonly string[];
      readonly entryPoint?: readonly string[];
      readonly workingDirectory?: string;
    };

/** `Metadata` of an image function, as SAM builds it. */
export interface ImageBuild {
  /** Absolute. */
  readonly context: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  /** Name of the image on this machine: the one that SAM gives it. */
  readonly tag: string;
  readonly target?: string;
  readonly args?: Readonly<Record<string, string>>;
}

/** Where a folder that does not exist yet comes from. */
export type CodeOrigin =
  | { readonly kind: "inline"; readonly fileName: string; readonly text: string }
  | { readonly kind: "zip"; readonly file: string }
  /** Code that lies on AWS only (`s3://bucket/key`); it cannot be run here. */
  | { readonly kind: "remote"; readonly uri: string };

/** `Metadata.BuildProperties` of SAM's esbuild builder, the part that changes the result. */
export interface BuildOptions {
  readonly external: readonly string[];
  readonly format?: "cjs" | "esm";
  readonly minify?: boolean;
  readonly target?: string;
  readonly banner?: Readonly<Record<string, string>>;
  readonly mainFields?: readonly string[];
  readonly loader?: Readonly<Record<string, string>>;
  readonly define?: Readonly<Record<string, string>>;
  readonly keepNames?: boolean;
  /** Undefined = the bundler's own default (on). */
  readonly sourcemap?: boolean;
}

/** EventInvokeConfig: what happens to asynchronous calls by one qualifier. */
export interface EventInvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  readonly onSuccessArn: string | undefined;
  readonly onFailureArn: string | undefined;
}

/** `AutoPublishAlias`, AWS::Lambda::Version and AWS::Lambda::Alias of one function. */
export interface Published {
  readonly versions: readonly string[];
  readonly aliases: readonly PublishedAlias[];
}

export interface PublishedAlias {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Share of calls, by version, that go elsewhere. */
  readonly weights: Readonly<Record<string, number>>;
}

/** `DurableConfig`. */
export interface DurableConfig {
  /** Of a whole execution, waits included. */
  readonly executionTimeoutSeconds: number;
  /** How long what has ended is kept. */
  readonly retentionDays: number;
  /** Shown, and not used. */
  readonly kmsKeyArn?: string;
}

export interface FunctionConfig {
  /** Logical id in the template; equals `name` for functions made by the API or invoked by file. */
  readonly logicalId: string;
  readonly name: string;
  /** The template gives no name: this one is made of the stack's and the logical id, as CloudFormation makes them. */
  readonly nameIsMade?: true;
  readonly arn: string;
  /** It is given the certificate of this machine's port: the template has a WebSocket API, whose handlers call it by `https`. */
  readonly trustsThisMachine?: true;
  /** As declared: `nodejs22.x`, `python3.13`, `provided.al2023` ... */
  readonly runtime: string;
  readonly handler: string;
  readonly code: CodeSource;
  readonly architecture: Architecture;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly ephemeralStorageMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Host folders or ZIPs, in the order they are laid over each other at /opt. */
  readonly layers: readonly string[];
  /** Those whose content belongs into a folder of /opt (`nodejs`), by their path. */
  readonly builtLayers?: Readonly<Record<string, string>>;
  /** Undefined = unreserved. 0 throttles every call. */
  readonly reservedConcurrency: number | undefined;
  readonly logging: LoggingConfig;
  readonly description: string;
  readonly role: string;
  /** `$LATEST` or a published number. */
  readonly version: string;
  /** By `$LATEST`, alias or version; absent = AWS's defaults: two retries, six hours, nowhere to go. */
  readonly eventInvoke?: Readonly<Record<string, EventInvokeConfig>>;
  readonly deadLetterTargetArn?: string | undefined;
  /** What the template publishes of it; absent = `$LATEST` is all there is. */
  readonly published?: Published;
  readonly tracing?: "Active" | "PassThrough";
  readonly tags?: Readonly<Record<string, string>>;
  /** Makes it a durable function. */
  readonly durable?: DurableConfig;
  /** Chains of calls that go round through it are not cut. */
  readonly allowsRecursion?: true;
}
