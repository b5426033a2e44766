/** Which operation a request is: by method, by whether it names a key, and by the subresource in its query. */
import type { Operation } from "./context.js";
import type { S3Request } from "./request.js";
import * as buckets from "./operations/buckets.js";
import { completeMultipartUpload } from "./operations/complete.js";
import { copyObject } from "./operations/copy.js";
import * as cors from "./operations/cors.js";
import { deleteObject, deleteObjects } from "./operations/delete.js";
import {
  deleteDocument,
  getDocument,
  getNamedConfigurations,
  getObjectLock,
  putDocument,
} from "./operations/documents.js";
import { postObject } from "./operations/form-post.js";
import { getObject, getObjectAttributes, headObject } from "./operations/get.js";
import { listObjects, listObjectsV2 } from "./operations/list-objects.js";
import { listMultipartUploads, listParts } from "./operations/list-uploads.js";
import { listObjectVersions } from "./operations/list-versions.js";
import * as multipart from "./operations/multipart.js";
import * as notification from "./operations/notification.js";
import * as policy from "./operations/policy.js";
import { putObject } from "./operations/put.js";
import * as tagging from "./operations/tagging.js";

export interface Route {
  readonly name: string;
  /** What an anonymous caller must have been allowed; undefined when the operation asks itself, knowing the object. */
  readonly action: string | undefined;
  readonly run: Operation | undefined;
}

const route = (name: string, run: Operation | undefined, action: string | undefined = `s3:${name}`): Route => ({
  name,
  action,
  run,
});
/** The operation asks for its permission itself. */
const own = (name: string, run: Operation): Route => ({ name, action: undefined, run });

type Routes = Readonly<Record<string, Route>>;

const VERBS: Readonly<Record<string, string>> = { GET: "Get", PUT: "Put", POST: "Create", DELETE: "Delete" };

/** By `METHOD subresource`; the empty subresource is the operation proper. */
const BUCKET_ROUTES: Routes = {
  "GET ": route("ListObjects", listObjects, "s3:ListBucket"),
  "GET list-type": route("ListObjectsV2", listObjectsV2, "s3:ListBucket"),
  "GET versions": route("ListObjectVersions", listObjectVersions, "s3:ListBucketVersions"),
  "GET uploads": route("ListMultipartUploads", listMultipartUploads, "s3:ListBucketMultipartUploads"),
  "HEAD ": route("HeadBucket", buckets.headBucket, "s3:ListBucket"),
  "PUT ": route("CreateBucket", buckets.createBucket),
  "DELETE ": route("DeleteBucket", buckets.deleteBucket),
  "POST ": own("PostObject", postObject),
  "POST delete": own("DeleteObjects", deleteObjects),
  "GET location": route("GetBucketLocation", buckets.getBucketLocation),
  "GET versioning": route("GetBucketVersioning", buckets.getBucketVersioning),
  "PUT versioning": route("PutBucketVersioning", buckets.putBucketVersioning),
  "GET tagging": route("GetBucketTagging", tagging.getBucketTagging),
  "PUT tagging": route("PutBucketTagging", tagging.putBucketTagging),
  "DELETE tagging": route("DeleteBucketTagging", tagging.deleteBucketTagging, "s3:PutBucketTagging"),
  "GET cors": route("GetBucketCors", cors.getBucketCors, "s3:GetBucketCORS"),
  "PUT cors": route("PutBucketCors", cors.putBucketCors, "s3:PutBucketCORS"),
  "DELETE cors": route("DeleteBucketCors", cors.deleteBucketCors, "s3:PutBucketCORS"),
  "GET notification": route(
    "GetBucketNotificationConfiguration",
    notification.getBucketNotification,
    "s3:GetBucketNotification",
  ),
  "PUT notification": route(
    "PutBucketNotificationConfiguration",
    notification.putBucketNotification,
    "s3:PutBucketNotification",
  ),
  "GET policy": route("GetBucketPolicy", policy.getBucketPolicy),
  "PUT policy": route("PutBucketPolicy", policy.putBucketPolicy),
  "DELETE policy": route("DeleteBucketPolicy", policy.deleteBucketPolicy),
  "GET policyStatus": route("GetBucketPolicyStatus", policy.getBucketPolicyStatus),
  "GET acl": route("GetBucketAcl", policy.getBucketAcl),
  "PUT acl": route("PutBucketAcl", policy.putBucketAcl),
  "GET publicAccessBlock": route("GetPublicAccessBlock", policy.getPublicAccessBlock),
  "PUT publicAccessBlock": route("PutPublicAccessBlock", policy.putPublicAccessBlock),
  "DELETE publicAccessBlock": route("DeletePublicAccessBlock", policy.deletePublicAccessBlock),
  "GET ownershipControls": route("GetBucketOwnershipControls", policy.getBucketOwnershipControls),
  "PUT ownershipControls": route("PutBucketOwnershipControls", policy.putBucketOwnershipControls),
  "GET encryption": route("GetBucketEncryption", getDocument("encryption")),
  "PUT encryption": route("PutBucketEncryption", putDocument("encryption")),
  "DELETE encryption": route("DeleteBucketEncryption", deleteDocument("encryption")),
  "GET lifecycle": route("GetBucketLifecycleConfiguration", getDocument("lifecycle")),
  "PUT lifecycle": route("PutBucketLifecycleConfiguration", putDocument("lifecycle")),
  "DELETE lifecycle": route("DeleteBucketLifecycle", deleteDocument("lifecycle")),
  "GET requestPayment": route("GetBucketRequestPayment", getDocument("requestPayment")),
  "PUT requestPayment": route("PutBucketRequestPayment", putDocument("requestPayment")),
  "GET accelerate": route("GetBucketAccelerateConfiguration", getDocument("accelerate")),
  "PUT accelerate": route("PutBucketAccelerateConfiguration", putDocument("accelerate")),
  "GET logging": route("GetBucketLogging", getDocument("logging")),
  "PUT logging": route("PutBucketLogging", undefined),
  "DELETE ownershipControls": route(
    "DeleteBucketOwnershipControls",
    policy.deleteBucketOwnershipControls,
    "s3:PutBucketOwnershipControls",
  ),
  "GET website": route("GetBucketWebsite", getDocument("website")),
  "DELETE website": route("DeleteBucketWebsite", deleteDocument("website")),
  "GET replication": route("GetBucketReplication", getDocument("replication"), "s3:GetReplicationConfiguration"),
  "DELETE replication": route(
    "DeleteBucketReplication",
    deleteDocument("replication"),
    "s3:PutReplicationConfiguration",
  ),
  "GET object-lock": route(
    "GetObjectLockConfiguration",
    getDocument("objectLock"),
    "s3:GetBucketObjectLockConfiguration",
  ),
  ...namedConfigurations("inventory", "Inventory", "ListInventoryConfigurationsResult"),
  ...namedConfigurations("analytics", "Analytics", "ListBucketAnalyticsConfigurationResult"),
  ...namedConfigurations("metrics", "Metrics", "ListMetricsConfigurationsResult"),
  ...namedConfigurations(
    "intelligent-tiering",
    "IntelligentTiering",
    "ListBucketIntelligentTieringConfigurationsOutput",
  ),
  ...unemulated("website", "BucketWebsite", ["PUT"]),
  ...unemulated("replication", "BucketReplication", ["PUT"]),
  ...unemulated("object-lock", "ObjectLockConfiguration", ["PUT"]),
  ...unemulated("metadataTable", "BucketMetadataTableConfiguration", ["GET", "POST", "DELETE"]),
  ...unemulated("metadataConfiguration", "BucketMetadataConfiguration", ["GET", "POST", "DELETE"]),
  ...unemulated("session", "Session", ["GET"]),
  ...unemulated("abac", "BucketAbac", ["GET", "PUT"]),
};

const OBJECT_ROUTES: Routes = {
  "GET ": own("GetObject", getObject),
  "HEAD ": own("HeadObject", headObject),
  "PUT ": route("PutObject", putObject),
  "DELETE ": route("DeleteObject", deleteObject),
  "PUT copy": route("CopyObject", copyObject, "s3:PutObject"),
  "GET attributes": own("GetObjectAttributes", getObjectAttributes),
  "GET tagging": own("GetObjectTagging", tagging.getObjectTagging),
  "PUT tagging": route("PutObjectTagging", tagging.putObjectTagging),
  "DELETE tagging": route("DeleteObjectTagging", tagging.deleteObjectTagging),
  "GET acl": own("GetObjectAcl", policy.getObjectAcl),
  "PUT acl": route("PutObjectAcl", policy.putObjectAcl),
  "POST uploads": route("CreateMultipartUpload", multipart.createMultipartUpload, "s3:PutObject"),
  "PUT uploadId": route("UploadPart", multipart.uploadPart, "s3:PutObject"),
  "PUT uploadId copy": route("UploadPartCopy", multipart.uploadPartCopy, "s3:PutObject"),
  "POST uploadId": route("CompleteMultipartUpload", completeMultipartUpload, "s3:PutObject"),
  "DELETE uploadId": route("AbortMultipartUpload", multipart.abortMultipartUpload),
  "GET uploadId": route("ListParts", listParts, "s3:ListMultipartUploadParts"),
  "GET retention": route("GetObjectRetention", getObjectLock),
  "GET legal-hold": route("GetObjectLegalHold", getObjectLock),
  ...unemulated("retention", "ObjectRetention", ["PUT"]),
  ...unemulated("legal-hold", "ObjectLegalHold", ["PUT"]),
  ...unemulated("torrent", "ObjectTorrent", ["GET"]),
  "POST restore": route("RestoreObject", undefined),
  "POST select": route("SelectObjectContent", undefined),
  "PUT renameObject": route("RenameObject", undefined),
};

function unemulated(subresource: string, noun: string, methods: readonly string[]): Routes {
  return Object.fromEntries(
    methods.map((method) => [`${method} ${subresource}`, route(`${VERBS[method]}${noun}`, undefined)]),
  );
}

function namedConfigurations(subresource: string, noun: string, listRoot: string): Routes {
  return {
    [`GET ${subresource}`]: route(`GetBucket${noun}Configuration`, getNamedConfigurations(listRoot)),
    ...unemulated(subresource, `Bucket${noun}Configuration`, ["PUT", "DELETE"]),
  };
}

const subresourcesOf = (routes: Routes): string[] => [
  ...new Set(
    Object.keys(routes)
      .map((key) => key.split(" ")[1] ?? "")
      .filter((name) => name !== "" && name !== "copy"),
  ),
];
const BUCKET_SUBRESOURCES = subresourcesOf(BUCKET_ROUTES);
const OBJECT_SUBRESOURCES = subresourcesOf(OBJECT_ROUTES);
const LIST_BUCKETS = route("ListBuckets", buckets.listBuckets, "s3:ListAllMyBuckets");
const PREFLIGHT = own("Preflight", cors.preflight);

/** Undefined when S3 has no such operation. */
export function routeRequest(request: S3Request): Route | undefined {
  const { method, query } = request;
  if (method === "OPTIONS") return PREFLIGHT;
  if (request.bucket === "") return method === "GET" ? LIST_BUCKETS : undefined;
  if (request.key === "") {
    const subresource = query.size === 0 ? undefined : BUCKET_SUBRESOURCES.find((name) => query.has(name));
    return BUCKET_ROUTES[`${method} ${subresource ?? ""}`];
  }
  const subresource = query.size === 0 ? undefined : OBJECT_SUBRESOURCES.find((name) => query.has(name));
  const copy = method === "PUT" && request.header("x-amz-copy-source") !== undefined;
  const name = [subresource, copy ? "copy" : undefined].filter((part) => part !== undefined).join(" ");
  return OBJECT_ROUTES[`${method} ${name}`];
}
