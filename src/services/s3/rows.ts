/** What is kept of buckets, objects and uploads. Keys are in the table's key, never in the row (see keys.ts). */
import type { ChecksumAlgorithm } from "../kit/checksums.js";
import type { NotificationConfiguration } from "./notification.js";

export type VersioningStatus = "Enabled" | "Suspended";
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";
export type Tags = Readonly<Record<string, string>>;
export type CannedAcl =
  | "private"
  | "public-read"
  | "public-read-write"
  | "authenticated-read"
  | "bucket-owner-read"
  | "bucket-owner-full-control";
export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

export interface CorsRule {
  readonly id?: string;
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export interface BucketRow {
  readonly name: string;
  readonly createdMs: number;
  readonly region: string;
  readonly ownership: ObjectOwnership;
  /** The controls were deleted: `ownership` holds, and is not told. */
  readonly ownershipUntold?: true;
  readonly acl: CannedAcl;
  readonly versioning?: VersioningStatus;
  readonly tags?: Tags;
  readonly cors?: readonly CorsRule[];
  readonly notification?: NotificationConfiguration;
  readonly policy?: string;
  readonly publicAccessBlock?: PublicAccessBlock;
  /** Configurations that change nothing here: kept as the client wrote them, by name of the subresource. */
  readonly documents?: Readonly<Record<string, string>>;
}

/** A file in the blob folder, named by us. */
export interface Segment {
  readonly id: string;
  readonly size: number;
}

/** Where the bytes are: a small body has a row of its own, a large one files, an empty one nothing. */
export type BodyRef =
  | { readonly kind: "empty" }
  | { readonly kind: "row"; readonly id: number }
  | { readonly kind: "files"; readonly segments: readonly Segment[] };

export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; `-N` is appended for COMPOSITE. */
  readonly value: string;
  readonly type: ChecksumType;
}

export interface PartSummary {
  readonly number: number;
  readonly size: number;
  /** Base64, in the algorithm of the object. */
  readonly checksum?: string;
}

/** Headers and the like that a client chose and that it gets back as they are. */
export interface ObjectDescription {
  /** System metadata by lower-case header name: `content-type`, `cache-control` ... */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata by lower-case name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly storageClass: string;
  /** `AES256`, or what the client asked for; nothing is encrypted. */
  readonly encryption: string;
  readonly kmsKeyId?: string;
  readonly bucketKey?: true;
  readonly acl?: CannedAcl;
}

interface VersionRow {
  /** Grows with every write of this store; orders the versions of a key. */
  readonly seq: number;
  /** `null` where versioning was not on. */
  readonly versionId: string;
  readonly modifiedMs: number;
}

export interface ObjectRow extends VersionRow, ObjectDescription {
  readonly size: number;
  /** Without quotes. */
  readonly eTag: string;
  readonly body: BodyRef;
  readonly checksum: ObjectChecksum;
  /** Parts of a multipart upload; absent for an object written at once. */
  readonly parts?: readonly PartSummary[];
}

export interface DeleteMarkerRow extends VersionRow {
  readonly deleteMarker: true;
}

export type AnyVersionRow = ObjectRow | DeleteMarkerRow;

export function isDeleteMarker(row: AnyVersionRow): row is DeleteMarkerRow {
  return "deleteMarker" in row;
}

export interface UploadRow extends ObjectDescription {
  readonly seq: number;
  readonly uploadId: string;
  readonly initiatedMs: number;
  /** The client's choice; undefined means CRC64NVME over the whole object, not spoken of before completion. */
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType: ChecksumType;
  /** Whether the key had an object when the upload began: tells 412 from 409 at a conditional completion. */
  readonly existed: boolean;
}

export interface PartRow {
  readonly number: number;
  readonly size: number;
  readonly eTag: string;
  readonly modifiedMs: number;
  readonly segment: Segment | undefined;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}
