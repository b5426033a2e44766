/**
 * Configurations that are kept and given back but change nothing here: what they govern (money, other regions, time
 * that passes by the day) does not exist on one machine. The card in index.ts names them.
 */
import { XML_DECLARATION, child, childrenNamed, childText, type XmlElement } from "../../kit/xml.js";
import type { Operation } from "../context.js";
import { invalidArgument, invalidRequest, malformedXml, noSuchConfiguration } from "../errors.js";
import type { BucketRow } from "../rows.js";
import { parseDocument, readDocument } from "../xml-body.js";
import { S3_NAMESPACE } from "../respond.js";

interface Kind {
  /** Subresource in the query. */
  readonly name: string;
  readonly root: string;
  /** What GET answers when nothing was put. */
  readonly absent: { readonly body: string } | { readonly code: string; readonly message: string };
  readonly check: (root: XmlElement) => void;
}

const empty = (root: string, inner = ""): { body: string } => ({
  body: `${XML_DECLARATION}<${root} xmlns="${S3_NAMESPACE}">${inner}</${root}>`,
});

const KINDS = {
  encryption: {
    name: "encryption",
    root: "ServerSideEncryptionConfiguration",
    absent: empty(
      "ServerSideEncryptionConfiguration",
      "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>",
    ),
    check: checkEncryption,
  },
  lifecycle: {
    name: "lifecycle",
    root: "LifecycleConfiguration",
    absent: { code: "NoSuchLifecycleConfiguration", message: "The lifecycle configuration does not exist" },
    check: checkLifecycle,
  },
  requestPayment: {
    name: "requestPayment",
    root: "RequestPaymentConfiguration",
    absent: empty("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>"),
    check: (root) => {
      const payer = childText(root, "Payer")?.trim();
      if (payer !== "BucketOwner" && payer !== "Requester") throw malformedXml();
    },
  },
  accelerate: {
    name: "accelerate",
    root: "AccelerateConfiguration",
    absent: empty("AccelerateConfiguration"),
    check: (root) => {
      const status = childText(root, "Status")?.trim();
      if (status !== "Enabled" && status !== "Suspended") throw malformedXml();
    },
  },
  logging: {
    name: "logging",
    root: "BucketLoggingStatus",
    absent: empty("BucketLoggingStatus"),
    check: () => undefined,
  },
  // These cannot be put here, so there is none: what tools ask for that look at a whole bucket.
  website: {
    name: "website",
    root: "WebsiteConfiguration",
    absent: {
      code: "NoSuchWebsiteConfiguration",
      message: "The specified bucket does not have a website configuration",
    },
    check: () => undefined,
  },
  replication: {
    name: "replication",
    root: "ReplicationConfiguration",
    absent: {
      code: "ReplicationConfigurationNotFoundError",
      message: "The replication configuration was not found",
    },
    check: () => undefined,
  },
  objectLock: {
    name: "object-lock",
    root: "ObjectLockConfiguration",
    absent: {
      code: "ObjectLockConfigurationNotFoundError",
      message: "Object Lock configuration does not exist for this bucket",
    },
    check: () => undefined,
  },
} satisfies Record<string, Kind>;

export type DocumentKind = keyof typeof KINDS;

export const getDocument =
  (kind: DocumentKind): Operation =>
  ({ store }, request) => {
    const bucket = store.bucket(request.bucket);
    const { absent }: Kind = KINDS[kind];
    const kept = bucket.documents?.[kind];
    if (kept === undefined && "code" in absent) throw noSuchConfiguration(absent.code, absent.message, bucket.name);
    const body = kept ?? ("body" in absent ? absent.body : "");
    return { headers: { "Content-Type": "application/xml" }, body };
  };

/** Configurations that a bucket has several of, by id, and here none. */
export const getNamedConfigurations =
  (listRoot: string): Operation =>
  ({ store }, request) => {
    const { name } = store.bucket(request.bucket);
    if (request.query.has("id"))
      throw noSuchConfiguration("NoSuchConfiguration", "The specified configuration does not exist.", name);
    return {
      headers: { "Content-Type": "application/xml" },
      body: empty(listRoot, "<IsTruncated>false</IsTruncated>").body,
    };
  };

/** Retention and legal hold of an object: no bucket here has Object Lock. */
export const getObjectLock: Operation = ({ store }, request) => {
  store.bucket(request.bucket);
  throw invalidRequest("Bucket is missing Object Lock Configuration");
};

export const putDocument =
  (kind: DocumentKind): Operation =>
  async ({ store }, request) => {
    store.bucket(request.bucket);
    const { root, check }: Kind = KINDS[kind];
    const document = await readDocument(request);
    check(parseDocument(document, root));
    await store.write(() => {
      const bucket = store.bucket(request.bucket);
      const documents = { ...bucket.documents, [kind]: document.toString("utf8") };
      store.putBucket({ ...bucket, documents });
    });
    return {};
  };

export const deleteDocument =
  (kind: DocumentKind): Operation =>
  async ({ store }, request) => {
    await store.write(() => {
      const bucket = store.bucket(request.bucket);
      const { [kind]: _dropped, ...documents } = { ...bucket.documents };
      store.putBucket({ ...bucket, documents } satisfies BucketRow);
    });
    return { status: 204 };
  };

function checkEncryption(root: XmlElement): void {
  const [rule, ...more] = childrenNamed(root, "Rule");
  const byDefault = rule && child(rule, "ApplyServerSideEncryptionByDefault");
  const algorithm = byDefault && childText(byDefault, "SSEAlgorithm")?.trim();
  if (more.length > 0 || algorithm === undefined || !["AES256", "aws:kms", "aws:kms:dsse"].includes(algorithm))
    throw malformedXml();
  if (algorithm === "AES256" && byDefault && child(byDefault, "KMSMasterKeyID") !== undefined) {
    throw invalidArgument(
      "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      "ApplyServerSideEncryptionByDefault",
    );
  }
}

function checkLifecycle(root: XmlElement): void {
  const rules = childrenNamed(root, "Rule");
  if (rules.length === 0 || rules.length > 1000) throw malformedXml();
  const ids = new Set<string>();
  for (const rule of rules) {
    const status = childText(rule, "Status")?.trim();
    const actions = [
      "Expiration",
      "Transition",
      "NoncurrentVersionExpiration",
      "NoncurrentVersionTransition",
      "AbortIncompleteMultipartUpload",
    ];
    if (status !== "Enabled" && status !== "Disabled") throw malformedXml();
    if (!actions.some((action) => child(rule, action) !== undefined)) throw malformedXml();
    if (child(rule, "Filter") === undefined && child(rule, "Prefix") === undefined) throw malformedXml();
    const id = childText(rule, "ID");
    if (id !== undefined && ids.has(id))
      throw invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", id);
    if (id !== undefined) ids.add(id);
  }
}
