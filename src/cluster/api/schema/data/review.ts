/**
 * Metadata, rights, leases, events and the reviews, which are never stored, in the notation of {@link ../parse.ts}:
 * names, types and numbers of the published API, version 1.32.
 */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const review: readonly Package[] = [
  {
    name: "io.k8s.apimachinery.pkg.apis.meta.v1",
    definitions: {
      ObjectMeta: `
        1.name 2.generateName 3.namespace 4.selfLink 5.uid 6.resourceVersion 7.generation:int
        8.creationTimestamp:time 9.deletionTimestamp*:time 10.deletionGracePeriodSeconds*:int
        11.labels:{}string 12.annotations:{}string 13.ownerReferences:[uid]OwnerReference
        14.finalizers:[*]string 17.managedFields:[]ManagedFieldsEntry
      `,
      OwnerReference:
        "5.apiVersion! 1.kind! 3.name! 4.uid! 6.controller*:bool 7.blockOwnerDeletion*:bool",
      ManagedFieldsEntry:
        "1.manager 2.operation 3.apiVersion 4.time*:time 6.fieldsType 7.fieldsV1*:any 8.subresource",
      LabelSelector: "1.matchLabels:{}string 2.matchExpressions:[]LabelSelectorRequirement",
      LabelSelectorRequirement: "1.key! 2.operator! 3.values:[]string",
      Condition:
        "1.type! 2.status! 3.observedGeneration:int 4.lastTransitionTime!:time 5.reason! 6.message!",
      DeleteOptions: `
        apiVersion kind 1.gracePeriodSeconds*:int 2.preconditions:Preconditions
        3.orphanDependents*:bool 4.propagationPolicy* 5.dryRun:[]string
        6.ignoreStoreReadErrorWithClusterBreakingPotential*:bool
      `,
      Preconditions: "1.uid* 2.resourceVersion*",
      FieldSelectorRequirement: "1.key! 2.operator! 3.values:[]string",
    },
  },
  {
    name: "io.k8s.api.events.v1",
    definitions: {
      "events.Event": `
        apiVersion kind 1.metadata!:ObjectMeta 2.eventTime!:microtime 3.series:events.EventSeries
        4.reportingController 5.reportingInstance 6.action 7.reason 8.regarding:ObjectReference
        9.related:ObjectReference 10.note 11.type 12.deprecatedSource:EventSource
        13.deprecatedFirstTimestamp:time 14.deprecatedLastTimestamp:time 15.deprecatedCount:int
      `,
      "events.EventSeries": "1.count!:int 2.lastObservedTime!:microtime",
    },
  },
  {
    name: "io.k8s.api.coordination.v1",
    definitions: {
      Lease: "apiVersion kind 1.metadata:ObjectMeta 2.spec:LeaseSpec",
      LeaseSpec: `
        1.holderIdentity* 2.leaseDurationSeconds*:int 3.acquireTime*:microtime
        4.renewTime*:microtime 5.leaseTransitions*:int 6.strategy* 7.preferredHolder*
      `,
    },
  },
  {
    name: "io.k8s.api.rbac.v1",
    definitions: {
      Role: "apiVersion kind 1.metadata:ObjectMeta 2.rules!:[]PolicyRule",
      PolicyRule: `
        1.verbs!:[]string 2.apiGroups:[]string 3.resources:[]string 4.resourceNames:[]string
        5.nonResourceURLs:[]string
      `,
      RoleBinding: "apiVersion kind 1.metadata:ObjectMeta 2.subjects:[]Subject 3.roleRef!:RoleRef",
      Subject: "1.kind! 2.apiGroup 3.name! 4.namespace",
      RoleRef: "1.apiGroup! 2.kind! 3.name!",
      ClusterRole: `
        apiVersion kind 1.metadata:ObjectMeta 2.rules!:[]PolicyRule
        3.aggregationRule:AggregationRule
      `,
      AggregationRule: "1.clusterRoleSelectors:[]LabelSelector",
      ClusterRoleBinding:
        "apiVersion kind 1.metadata:ObjectMeta 2.subjects:[]Subject 3.roleRef!:RoleRef",
    },
  },
  {
    name: "io.k8s.api.authentication.v1",
    definitions: {
      TokenRequest:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec!:TokenRequestSpec 3.status:TokenRequestStatus",
      TokenRequestSpec:
        "1.audiences!:[]string 4.expirationSeconds!*:int 3.boundObjectRef!:BoundObjectReference",
      BoundObjectReference: "1.kind 2.apiVersion 3.name 4.uid",
      TokenRequestStatus: "1.token! 2.expirationTimestamp!:time",
      SelfSubjectReview: "apiVersion kind 1.metadata:ObjectMeta 2.status:SelfSubjectReviewStatus",
      SelfSubjectReviewStatus: "1.userInfo:UserInfo",
      UserInfo: "1.username 2.uid 3.groups:[]string 4.extra:{}[]string",
    },
  },
  {
    name: "io.k8s.api.authorization.v1",
    definitions: {
      SelfSubjectAccessReview: `
        apiVersion kind 1.metadata:ObjectMeta 2.spec!:SelfSubjectAccessReviewSpec
        3.status:SubjectAccessReviewStatus
      `,
      SelfSubjectAccessReviewSpec:
        "1.resourceAttributes:ResourceAttributes 2.nonResourceAttributes:NonResourceAttributes",
      ResourceAttributes: `
        1.namespace 2.verb 3.group 4.version 5.resource 6.subresource 7.name
        8.fieldSelector:FieldSelectorAttributes 9.labelSelector:LabelSelectorAttributes
      `,
      FieldSelectorAttributes: "1.rawSelector 2.requirements:[]FieldSelectorRequirement",
      LabelSelectorAttributes: "1.rawSelector 2.requirements:[]LabelSelectorRequirement",
      NonResourceAttributes: "1.path 2.verb",
      SubjectAccessReviewStatus: "1.allowed!:bool 4.denied:bool 2.reason 3.evaluationError",
      SubjectAccessReview: `
        apiVersion kind 1.metadata:ObjectMeta 2.spec!:SubjectAccessReviewSpec
        3.status:SubjectAccessReviewStatus
      `,
      SubjectAccessReviewSpec: `
        1.resourceAttributes:ResourceAttributes 2.nonResourceAttributes:NonResourceAttributes 3.user
        4.groups:[]string 5.extra:{}[]string 6.uid
      `,
      SelfSubjectRulesReview: `
        apiVersion kind 1.metadata:ObjectMeta 2.spec!:SelfSubjectRulesReviewSpec
        3.status:SubjectRulesReviewStatus
      `,
      SelfSubjectRulesReviewSpec: "1.namespace",
      SubjectRulesReviewStatus: `
        1.resourceRules!:[]ResourceRule 2.nonResourceRules!:[]NonResourceRule 3.incomplete!:bool
        4.evaluationError
      `,
      ResourceRule:
        "1.verbs!:[]string 2.apiGroups:[]string 3.resources:[]string 4.resourceNames:[]string",
      NonResourceRule: "1.verbs!:[]string 2.nonResourceURLs:[]string",
    },
  },
];
