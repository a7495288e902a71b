/** Metadata, rights, leases, events and the reviews that are asked and never stored, in the notation of {@link ../parse.ts}: the fields of the published OpenAPI description. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const review: readonly Package[] = [
  {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1",
    definitions: {
      ObjectMeta: `
    annotations:{}string creationTimestamp:time deletionGracePeriodSeconds:int
    deletionTimestamp:time finalizers:[*]string generateName generation:int labels:{}string
    managedFields:[]ManagedFieldsEntry name namespace ownerReferences:[uid]OwnerReference
    resourceVersion selfLink uid
  `,
      ManagedFieldsEntry: `
    apiVersion fieldsType fieldsV1:any manager operation subresource time:time
  `,
      OwnerReference: "apiVersion! blockOwnerDeletion:bool controller:bool kind! name! uid!",
      LabelSelector: "matchExpressions:[]LabelSelectorRequirement matchLabels:{}string",
      LabelSelectorRequirement: "key! operator! values:[]string",
      Condition: "lastTransitionTime!:time message! observedGeneration:int reason! status! type!",
      DeleteOptions: `
    apiVersion dryRun:[]string gracePeriodSeconds:int kind orphanDependents:bool
    preconditions:Preconditions propagationPolicy
  `,
      Preconditions: "resourceVersion uid",
    },
  },
  {
    name: "io.k8s.api.events.v1",
    definitions: {
      "events.Event": `
    action apiVersion deprecatedCount:int deprecatedFirstTimestamp:time
    deprecatedLastTimestamp:time deprecatedSource:EventSource eventTime!:time kind
    metadata:ObjectMeta note reason regarding:ObjectReference related:ObjectReference
    reportingController reportingInstance series:EventSeries type
  `,
    },
  },
  {
    name: "io.k8s.api.coordination.v1",
    definitions: {
      Lease: "apiVersion kind metadata:ObjectMeta spec:LeaseSpec",
      LeaseSpec: `
    acquireTime:time holderIdentity leaseDurationSeconds:int leaseTransitions:int renewTime:time
  `,
    },
  },
  {
    name: "io.k8s.api.rbac.v1",
    definitions: {
      Role: "apiVersion kind metadata:ObjectMeta rules:[]PolicyRule",
      PolicyRule: `
    apiGroups:[]string nonResourceURLs:[]string resourceNames:[]string resources:[]string
    verbs!:[]string
  `,
      RoleBinding: "apiVersion kind metadata:ObjectMeta roleRef!:RoleRef subjects:[]Subject",
      RoleRef: "apiGroup! kind! name!",
      Subject: "apiGroup kind! name! namespace",
      ClusterRole: `
    aggregationRule:AggregationRule apiVersion kind metadata:ObjectMeta rules:[]PolicyRule
  `,
      AggregationRule: "clusterRoleSelectors:[]LabelSelector",
      ClusterRoleBinding: "apiVersion kind metadata:ObjectMeta roleRef!:RoleRef subjects:[]Subject",
    },
  },
  {
    name: "io.k8s.api.authentication.v1",
    definitions: {
      TokenRequest: `
    apiVersion kind metadata:ObjectMeta spec!:TokenRequestSpec status:TokenRequestStatus
  `,
      TokenRequestSpec: `
    audiences!:[]string boundObjectRef:BoundObjectReference expirationSeconds:int
  `,
      BoundObjectReference: "apiVersion kind name uid",
      TokenRequestStatus: "expirationTimestamp!:time token!",
      SelfSubjectReview: "apiVersion kind metadata:ObjectMeta status:SelfSubjectReviewStatus",
      SelfSubjectReviewStatus: "userInfo:UserInfo",
      UserInfo: "extra:{}[]string groups:[]string uid username",
    },
  },
  {
    name: "io.k8s.api.authorization.v1",
    definitions: {
      SelfSubjectAccessReview: `
    apiVersion kind metadata:ObjectMeta spec!:SelfSubjectAccessReviewSpec
    status:SubjectAccessReviewStatus
  `,
      SelfSubjectAccessReviewSpec: `
    nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes
  `,
      NonResourceAttributes: "path verb",
      ResourceAttributes: "group name namespace resource subresource verb version",
      SubjectAccessReviewStatus: "allowed!:bool denied:bool evaluationError reason",
      SubjectAccessReview: `
    apiVersion kind metadata:ObjectMeta spec!:SubjectAccessReviewSpec
    status:SubjectAccessReviewStatus
  `,
      SubjectAccessReviewSpec: `
    extra:{}[]string groups:[]string nonResourceAttributes:NonResourceAttributes
    resourceAttributes:ResourceAttributes uid user
  `,
      SelfSubjectRulesReview: `
    apiVersion kind metadata:ObjectMeta spec!:SelfSubjectRulesReviewSpec
    status:SubjectRulesReviewStatus
  `,
      SelfSubjectRulesReviewSpec: "namespace",
      SubjectRulesReviewStatus: `
    evaluationError incomplete!:bool nonResourceRules!:[]NonResourceRule
    resourceRules!:[]ResourceRule
  `,
      NonResourceRule: "nonResourceURLs:[]string verbs!:[]string",
      ResourceRule: "apiGroups:[]string resourceNames:[]string",
    },
  },
];
