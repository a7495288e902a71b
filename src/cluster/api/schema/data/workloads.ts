/** Workloads: apps, batch, scaling, eviction, in the notation of {@link ../parse.ts}: the fields of the published OpenAPI description. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const workloads: readonly Package[] = [
  {
    name: "io.k8s.api.apps.v1",
    definitions: {
      Deployment: "apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus",
      DeploymentSpec: `
    minReadySeconds:int paused:bool progressDeadlineSeconds:int replicas:int
    revisionHistoryLimit:int selector!:LabelSelector strategy:DeploymentStrategy
    template!:PodTemplateSpec
  `,
      DeploymentStrategy: "rollingUpdate:RollingUpdateDeployment type",
      RollingUpdateDeployment: "maxSurge:intstr maxUnavailable:intstr",
      DeploymentStatus: `
    availableReplicas:int collisionCount:int conditions:[type]DeploymentCondition
    observedGeneration:int readyReplicas:int replicas:int unavailableReplicas:int
    updatedReplicas:int
  `,
      DeploymentCondition: `
    lastTransitionTime:time lastUpdateTime:time message reason status! type!
  `,
      ReplicaSet: "apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus",
      ReplicaSetSpec: `
    minReadySeconds:int replicas:int selector!:LabelSelector template:PodTemplateSpec
  `,
      ReplicaSetStatus: `
    availableReplicas:int conditions:[type]ReplicaSetCondition fullyLabeledReplicas:int
    observedGeneration:int readyReplicas:int replicas!:int
  `,
      ReplicaSetCondition: "lastTransitionTime:time message reason status! type!",
      StatefulSet: `
    apiVersion kind metadata:ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
  `,
      StatefulSetSpec: `
    minReadySeconds:int ordinals:StatefulSetOrdinals
    persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy
    podManagementPolicy replicas:int revisionHistoryLimit:int selector!:LabelSelector serviceName!
    template!:PodTemplateSpec updateStrategy:StatefulSetUpdateStrategy
    volumeClaimTemplates:[]PersistentVolumeClaim
  `,
      StatefulSetOrdinals: "start:int",
      StatefulSetPersistentVolumeClaimRetentionPolicy: "whenDeleted whenScaled",
      StatefulSetUpdateStrategy: "rollingUpdate:RollingUpdateStatefulSetStrategy type",
      RollingUpdateStatefulSetStrategy: "maxUnavailable:intstr partition:int",
      StatefulSetStatus: `
    availableReplicas:int collisionCount:int conditions:[type]StatefulSetCondition
    currentReplicas:int currentRevision observedGeneration:int readyReplicas:int replicas!:int
    updateRevision updatedReplicas:int
  `,
      StatefulSetCondition: "lastTransitionTime:time message reason status! type!",
      DaemonSet: "apiVersion kind metadata:ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus",
      DaemonSetSpec: `
    minReadySeconds:int revisionHistoryLimit:int selector!:LabelSelector template!:PodTemplateSpec
    updateStrategy:DaemonSetUpdateStrategy
  `,
      DaemonSetUpdateStrategy: "rollingUpdate:RollingUpdateDaemonSet type",
      RollingUpdateDaemonSet: "maxSurge:intstr maxUnavailable:intstr",
      DaemonSetStatus: `
    collisionCount:int conditions:[type]DaemonSetCondition currentNumberScheduled!:int
    desiredNumberScheduled!:int numberAvailable:int numberMisscheduled!:int numberReady!:int
    numberUnavailable:int observedGeneration:int updatedNumberScheduled:int
  `,
      DaemonSetCondition: "lastTransitionTime:time message reason status! type!",
    },
  },
  {
    name: "io.k8s.api.batch.v1",
    definitions: {
      Job: "apiVersion kind metadata:ObjectMeta spec:JobSpec status:JobStatus",
      JobSpec: `
    activeDeadlineSeconds:int backoffLimit:int backoffLimitPerIndex:int completionMode
    completions:int managedBy manualSelector:bool maxFailedIndexes:int parallelism:int
    podFailurePolicy:PodFailurePolicy podReplacementPolicy selector:LabelSelector
    successPolicy:SuccessPolicy suspend:bool template!:PodTemplateSpec ttlSecondsAfterFinished:int
  `,
      PodFailurePolicy: "rules!:[]PodFailurePolicyRule",
      PodFailurePolicyRule: `
    action! onExitCodes:PodFailurePolicyOnExitCodesRequirement
    onPodConditions:[]PodFailurePolicyOnPodConditionsPattern
  `,
      PodFailurePolicyOnExitCodesRequirement: "containerName operator! values!:[]int",
      PodFailurePolicyOnPodConditionsPattern: "status! type!",
      SuccessPolicy: "rules!:[]SuccessPolicyRule",
      SuccessPolicyRule: "succeededCount:int succeededIndexes",
      JobStatus: `
    active:int completedIndexes completionTime:time conditions:[type]JobCondition failed:int
    failedIndexes ready:int startTime:time succeeded:int terminating:int
    uncountedTerminatedPods:UncountedTerminatedPods
  `,
      JobCondition: "lastProbeTime:time lastTransitionTime:time message reason status! type!",
      UncountedTerminatedPods: "failed:[]string succeeded:[]string",
    },
  },
  {
    name: "io.k8s.api.policy.v1",
    definitions: {
      Eviction: "apiVersion deleteOptions:DeleteOptions kind metadata:ObjectMeta",
    },
  },
  {
    name: "io.k8s.api.autoscaling.v1",
    definitions: {
      Scale: "apiVersion kind metadata:ObjectMeta spec:ScaleSpec status:ScaleStatus",
      ScaleSpec: "replicas:int",
      ScaleStatus: "replicas!:int selector",
    },
  },
];
